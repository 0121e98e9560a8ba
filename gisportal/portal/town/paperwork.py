"""What residents write and what the town charges: service requests and bills."""

import numpy as np
import pandas as pd
import shapely

from .names import people
from .people import Frame
from .plan import Ground, TownPlan

REQUESTS: dict[str, list[str]] = {
    "street_light": ["الإنارة مطفأة في الشارع منذ أسبوع والأولاد يعودون من المدرسة في العتمة.", "عمود الإنارة مائل وقد يقع.", "مصباح الزاوية يضيء وينطفئ طوال الليل.", "لا ضوء على الدرج بين الحارتين."],
    "road": ["حفرة كبيرة وسط الطريق قرب المدرسة.", "الرصيف مكسور ولا يمكن المرور بعربة طفل.", "السيارات تسرع أمام مدخل الروضة، نحتاج إلى مطبّ.", "انهار جزء من حائط الدعم على الطريق.", "Le trottoir est défoncé devant l'école, les enfants marchent sur la chaussée."],
    "waste": ["الحاوية ممتلئة منذ أربعة أيام.", "يحرقون النفايات قرب البيوت مساءً.", "ردميات مرمية على مجرى الوادي.", "نحتاج إلى حاوية ثانية في آخر الحيّ."],
    "water": ["لا تصل المياه إلى حيّنا منذ ثلاثة أيام.", "قسطل مكسور والمياه تجري في الشارع.", "لون المياه أصفر ولها رائحة.", "ضغط المياه ضعيف في الطوابق العليا."],
    "sewage": ["المجرور طايف أمام البيت.", "غطاء ريغار مكسور، خطر على الأولاد.", "رائحة كريهة من المجرى المكشوف قرب المخيّم.", "A manhole has no cover next to the playground."],
    "playground": ["الأرجوحة مكسورة وحديدها مكشوف.", "لا ظلّ في الملعب ولا ماء للشرب.", "زجاج مكسور على أرض الملعب."],
    "school_access": ["لا ممرّ مشاة أمام المدرسة.", "الباص لا يصل إلى حيّنا في الشتاء بسبب الطين.", "ابنتي على كرسي متحرّك ولا منحدر عند مدخل المدرسة.", "الطريق إلى المدرسة تغمره المياه عند كلّ مطر."],
    "other": ["كلاب شاردة قرب الحديقة.", "ضجيج مولّد الكهرباء بعد منتصف الليل.", "شجرة قد تسقط على خطّ الكهرباء."],
}  # fmt: skip
SHARES = {
    "street_light": 0.15, "road": 0.2, "waste": 0.18, "water": 0.14, "sewage": 0.12,
    "playground": 0.07, "school_access": 0.08, "other": 0.06,
}  # fmt: skip
# Chances of each status for a report of the last three weeks, and for an older one.
STATUSES = ("received", "in_progress", "done", "rejected")
YOUNG, OLD = (0.5, 0.32, 0.15, 0.03), (0.02, 0.1, 0.78, 0.1)
ANSWERS = {
    "done": ["تمّ الإصلاح. شكراً على تنبيهكم.", "عالج فريق الأشغال المشكلة أمس.", "انتهى العمل، أخبرونا إن عاد العطل."],
    "rejected": ["هذا خارج صلاحية البلدية، وقد حوّلناه إلى الجهة المعنية.", "عاينّا الموقع ولم نجد العطل."],
}  # fmt: skip
LAST_REPORT = pd.Timestamp("2026-11-20T18:00", tz="Asia/Beirut")

BILL_KINDS = {
    "rental_value": (
        "رسم على القيمة التأجيرية لسنة {0}",
        "Rental value fee {0}",
        "Taxe sur la valeur locative {0}",
    ),
    "sidewalks_sewers": (
        "رسم صيانة الأرصفة والمجارير لسنة {0}",
        "Pavements and sewers maintenance fee {0}",
        "Taxe d'entretien des trottoirs et des égouts {0}",
    ),
    "penalty": (
        "غرامة تأخير عن سنة {0}",
        "Late payment fine for {0}",
        "Pénalité de retard pour {0}",
    ),
}
DEMO_BILLS = {
    "rental_value": 1_950_000,
    "sidewalks_sewers": 540_000,
    "penalty": 360_000,
}


def email(plan: TownPlan, person: str) -> str:
    return f"{person}@{plan.slug}.example"


def requests(plan: TownPlan, ground: Ground) -> pd.DataFrame:
    """Reports from the streets of the inhabited quarters, mostly in Arabic."""
    rng = plan.stream("requests")
    lived = np.isin(ground.lot_style, ["core", "inner", "new", "villa", "camp"])
    lots = rng.choice(np.flatnonzero(lived), size=plan.requests, replace=False)
    # At the kerb, not in the house: a corner of the lot.
    points = np.array([shapely.get_coordinates(ground.lots[lot])[0] for lot in lots])
    lon, lat = plan.to_lonlat.transform(points[:, 0], points[:, 1])
    category = rng.choice(list(SHARES), size=plan.requests, p=list(SHARES.values()))
    ago = np.sort(rng.exponential(45, plan.requests))[::-1]
    when = [LAST_REPORT - pd.Timedelta(minutes=int(days * 24 * 60)) for days in ago]
    # In Beirut's time of that day, and at an hour when people write.
    when = [moment.replace(hour=7 + moment.hour // 2) for moment in when]
    status = [str(rng.choice(STATUSES, p=YOUNG if days < 21 else OLD)) for days in ago]
    numbers = rng.integers(1, 40, plan.requests)
    reporter = [email(plan, f"reporter{number:02d}") for number in numbers]
    for index in range(min(3, plan.requests)):
        reporter[-1 - 4 * index] = email(plan, "resident")
    answers = [
        str(rng.choice(ANSWERS[name])) if name in ANSWERS else "" for name in status
    ]
    waited = rng.integers(900, 13_000, plan.requests)
    answered = [
        (moment + pd.Timedelta(minutes=int(minutes))).isoformat() if answer else ""
        for moment, minutes, answer in zip(when, waited, answers, strict=True)
    ]
    texts = [str(rng.choice(REQUESTS[name])) for name in category]
    return pd.DataFrame(
        {
            "reference": [f"SR-{number + 1:04d}" for number in range(plan.requests)],
            "category": category,
            "description": texts,
            "longitude": np.round(lon, 6),
            "latitude": np.round(lat, 6),
            "reported_at": [moment.isoformat() for moment in when],
            "status": status,
            "answer": answers,
            "answered_at": answered,
            "channel": rng.choice(
                ["web", "desk", "phone"], plan.requests, p=[0.7, 0.2, 0.1]
            ),
            "reporter_email": reporter,
            "language": [language_of(text) for text in texts],
        }
    )


def language_of(text: str) -> str:
    if not text.isascii() and "\u0600" <= text[0] <= "\u06ff":
        return "ar"
    return "fr" if text.startswith("Le ") else "en"


def bills(plan: TownPlan, frame: Frame) -> pd.DataFrame:
    """One row per bill. `amount` is whole Lebanese pounds.

    The first account is the demo resident's, with one open bill of each kind.
    """
    rng = plan.stream("bills")
    lots = np.unique(frame.parcel)
    homes = rng.choice(lots, size=min(plan.bill_accounts, len(lots)), replace=False)
    women = rng.uniform(size=len(homes)) < 0.3
    holders = people(rng, len(homes), women)
    initials = "".join(word[0] for word in plan.slug.split("-")).upper()
    rows: list[tuple] = []
    for number, (home, holder) in enumerate(zip(homes, holders, strict=True), start=1):
        account = f"{initials}-{number:06d}"
        demo = number == 1
        address = email(plan, "resident" if demo else f"holder{number:03d}")
        for kind, amount in (DEMO_BILLS if demo else charges(rng)).items():
            year = "2025" if kind == "penalty" else "2026"
            texts = [text.format(year) for text in BILL_KINDS[kind]]
            issued, due = (
                ("2026-07-01", "2026-09-30")
                if kind == "penalty"
                else ("2026-03-02", "2026-12-31")
            )
            bill = f"2026-{len(rows) + 1:05d}"
            rows.append(
                (
                    account,
                    holder,
                    address,
                    home,
                    bill,
                    year,
                    issued,
                    due,
                    *texts,
                    kind,
                    amount,
                )
            )
    return pd.DataFrame(rows, columns=BILL_COLUMNS)


BILL_COLUMNS = [
    "account_number", "holder_name", "holder_email", "parcel_code", "bill_number", "period",
    "issued_on", "due_on", "description_ar", "description_en", "description_fr", "kind", "amount",
]  # fmt: skip


def charges(rng: np.random.Generator) -> dict[str, int]:
    rental = int(
        np.clip(rng.lognormal(14.4, 0.55), 450_000, 12_000_000) // 10_000 * 10_000
    )
    due = {
        "rental_value": rental,
        "sidewalks_sewers": int(rental * 0.28 // 10_000 * 10_000),
    }
    if rng.uniform() < 0.22:
        due["penalty"] = int(rental * 0.18 // 10_000 * 10_000)
    return due
