"""The household form as an XLSForm in three languages, with a roster of children."""

from dataclasses import dataclass, field

Label = tuple[str, str, str]
LANGUAGES = ("العربية (ar)", "English (en)", "Français (fr)")
VERSION = "2026030100"


@dataclass(frozen=True)
class Question:
    type: str
    name: str
    label: Label | None = None
    required: bool = False
    relevant: str = ""
    constraint: str = ""
    message: Label | None = None
    extra: dict[str, str] = field(default_factory=dict)


YES_NO: list[tuple[str, Label]] = [
    ("yes", ("نعم", "Yes", "Oui")),
    ("no", ("لا", "No", "Non")),
]
CHOICES: dict[str, list[tuple[str, Label]]] = {
    "yes_no": YES_NO,
    "yes_no_dk": [*YES_NO, ("dont_know", ("لا أعرف", "Don't know", "Ne sait pas"))],
    "sex": [("female", ("بنت", "Girl", "Fille")), ("male", ("صبي", "Boy", "Garçon"))],
    "water_source": [
        ("piped", ("شبكة المياه", "Piped network", "Réseau public")),
        ("borehole", ("بئر ارتوازي", "Borehole", "Forage")),
        ("protected_well", ("بئر أو نبع محمي", "Protected well or spring", "Puits ou source protégés")),
        ("tanker", ("صهريج", "Water truck", "Camion-citerne")),
        ("bottled", ("مياه معبّأة", "Bottled water", "Eau en bouteille")),
        ("unprotected_well", ("بئر أو نبع غير محمي", "Unprotected well or spring", "Puits ou source non protégés")),
        ("surface", ("مياه سطحية (نهر، قناة)", "Surface water (river, canal)", "Eau de surface (rivière, canal)")),
    ],
    "sanitation": [
        ("flush_sewer", ("مرحاض موصول بشبكة الصرف", "Flush toilet to a sewer", "Chasse d'eau reliée à l'égout")),
        ("flush_septic", ("مرحاض موصول بجورة صحية", "Flush toilet to a septic tank", "Chasse d'eau et fosse septique")),
        ("pit_slab", ("حفرة بغطاء", "Pit latrine with slab", "Latrine à fosse avec dalle")),
        ("pit_open", ("حفرة مكشوفة", "Open pit latrine", "Latrine à fosse ouverte")),
        ("none", ("لا مرحاض", "No toilet", "Pas de toilettes")),
    ],
    "nationality": [
        ("lebanese", ("لبنانية", "Lebanese", "Libanaise")),
        ("syrian", ("سورية", "Syrian", "Syrienne")),
        ("palestinian", ("فلسطينية", "Palestinian", "Palestinienne")),
        ("other", ("غير ذلك", "Other", "Autre")),
    ],
}  # fmt: skip

REQUIRED: Label = (
    "هذا السؤال مطلوب.",
    "Please answer this question.",
    "Cette question est obligatoire.",
)
OLD_ENOUGH = "${age_months} >= %d and ${age_months} < %d"


def household_questions() -> list[Question]:
    return [
        Question("start", "started"),
        Question("end", "finished"),
        Question("today", "today"),
        Question("deviceid", "device"),
        Question("note", "welcome", ("السلام عليكم. نسأل عن حاجات الأولاد في حيّكم. تستطيعون التوقّف متى شئتم.", "Hello. We ask about what children in your quarter need. You may stop at any time.", "Bonjour. Nous posons des questions sur les besoins des enfants de votre quartier. Vous pouvez arrêter à tout moment.")),
        Question("select_one yes_no", "consent", ("هل توافقون على المقابلة؟", "Do you agree to be interviewed?", "Acceptez-vous l'entretien ?"), required=True),
        Question("begin_group", "household", ("الأسرة", "Household", "Ménage"), relevant="${consent} = 'yes'"),
        Question("text", "household_id", ("رقم الأسرة", "Household number", "Numéro du ménage"), True, constraint="regex(., '^H[0-9]{7}$')", message=("الحرف H تليه سبعة أرقام.", "The letter H and seven digits.", "La lettre H suivie de sept chiffres.")),
        Question("text", "parcel_code", ("رقم العقار (القسم-الرقم)", "Parcel (section-number)", "Parcelle (section-numéro)"), constraint="regex(., '^[0-9]+-[0-9]{4,}$')", message=("مثل 3-0127.", "Like 3-0127.", "Par exemple 3-0127.")),
        Question("geopoint", "location", ("موقع البيت", "Location of the home", "Position du logement"), True),
        Question("text", "surveyor", ("اسم الباحث", "Surveyor", "Enquêteur"), True),
        Question("text", "head_name", ("اسم ربّ الأسرة أو ربّتها", "Head of household", "Chef du ménage")),
        Question("text", "phone", ("رقم الهاتف", "Telephone", "Téléphone"), constraint="regex(., '^[+0-9 ]{8,16}$')", message=("أرقام فقط.", "Digits only.", "Des chiffres seulement.")),
        Question("integer", "persons", ("كم شخصاً يعيش هنا؟", "How many persons live here?", "Combien de personnes vivent ici ?"), True, constraint=". >= 1 and . <= 30", message=("بين 1 و30.", "Between 1 and 30.", "Entre 1 et 30.")),
        Question("integer", "sleeping_rooms", ("كم غرفة للنوم؟", "How many rooms are used for sleeping?", "Combien de pièces servent à dormir ?"), True, constraint=". >= 1 and . <= 15", message=("بين 1 و15.", "Between 1 and 15.", "Entre 1 et 15.")),
        Question("select_one water_source", "water_source", ("من أين مياه الشرب غالباً؟", "What is the main source of drinking water?", "Quelle est la principale source d'eau de boisson ?"), True),
        Question("integer", "water_minutes", ("كم دقيقة للذهاب وجلب الماء والعودة؟ (0 إن كانت في البيت)", "How many minutes to fetch water and come back? (0 if at home)", "Combien de minutes pour aller chercher l'eau et revenir ? (0 si à domicile)"), True, constraint=". >= 0 and . <= 600", message=("بين 0 و600.", "Between 0 and 600.", "Entre 0 et 600.")),
        Question("select_one sanitation", "sanitation", ("ما نوع المرحاض؟", "What kind of toilet is used?", "Quel type de toilettes utilisez-vous ?"), True),
        Question("select_one yes_no", "sanitation_shared", ("هل تستعمله أسر أخرى؟", "Do other households use it?", "D'autres ménages les utilisent-ils ?"), True, relevant="${sanitation} != 'none'"),
        Question("select_one yes_no", "internet", ("هل في البيت إنترنت؟", "Is there internet at home?", "Y a-t-il internet à la maison ?"), True),
        Question("select_one nationality", "nationality", ("الجنسية", "Nationality", "Nationalité")),
        Question("select_one yes_no", "displaced", ("هل نزحت الأسرة من مكان آخر؟", "Was the household displaced from elsewhere?", "Le ménage a-t-il été déplacé ?")),
        Question("integer", "child_count", ("كم ولداً دون 18 سنة؟", "How many children under 18?", "Combien d'enfants de moins de 18 ans ?"), True, constraint=". >= 0 and . <= 20 and . < ${persons}", message=("أقلّ من عدد الأشخاص.", "Fewer than the persons who live here.", "Moins que le nombre de personnes.")),
        Question("end_group", "household"),
    ]  # fmt: skip


def stimulation_questions() -> list[Question]:
    asked = OLD_ENOUGH % (24, 60)
    activities: list[tuple[str, Label]] = [
        ("stim_read", ("قرأ له كتباً أو نظر معه في صورها؟", "read books or looked at picture books?", "lu des livres ou regardé des images ?")),
        ("stim_stories", ("حكى له حكايات؟", "told stories?", "raconté des histoires ?")),
        ("stim_songs", ("غنّى له أو معه؟", "sung songs?", "chanté des chansons ?")),
        ("stim_outside", ("أخذه إلى خارج البيت؟", "taken the child outside?", "emmené l'enfant dehors ?")),
        ("stim_play", ("لعب معه؟", "played with the child?", "joué avec l'enfant ?")),
        ("stim_count", ("سمّى أو عدّ أو رسم معه أشياء؟", "named, counted or drawn things?", "nommé, compté ou dessiné des choses ?")),
    ]  # fmt: skip
    lead = (
        "في الأيام الثلاثة الماضية، هل أحد عمره 15 سنة أو أكثر ",
        "In the past 3 days, has anyone aged 15 or over ",
        "Ces 3 derniers jours, une personne de 15 ans ou plus a-t-elle ",
    )
    return [
        Question(
            "select_one yes_no",
            name,
            (lead[0] + arabic, lead[1] + english, lead[2] + french),
            True,
            asked,
        )
        for name, (arabic, english, french) in activities
    ]


def child_questions() -> list[Question]:
    worker = "${selected_5_17} = 'yes'"
    limit = ". >= 0 and . <= 112"
    hours: Label = (
        "بين 0 و112 ساعة.",
        "Between 0 and 112 hours.",
        "Entre 0 et 112 heures.",
    )
    return [
        Question("begin_repeat", "children", ("الأولاد", "Children", "Enfants"), relevant="${consent} = 'yes'", extra={"repeat_count": "${child_count}"}),
        Question("text", "name", ("اسم الولد", "Child's first name", "Prénom de l'enfant"), True),
        Question("select_one sex", "sex", ("الجنس", "Sex", "Sexe"), True),
        Question("date", "birth_date", ("تاريخ الولادة", "Date of birth", "Date de naissance"), True, constraint=". <= today() and . > (today() - 6575)", message=("دون 18 سنة وليس في المستقبل.", "Under 18 and not in the future.", "Moins de 18 ans et pas dans le futur.")),
        Question("calculate", "age_months", extra={"calculation": "(number(format-date(${today}, '%Y')) - number(format-date(${birth_date}, '%Y'))) * 12 + number(format-date(${today}, '%n')) - number(format-date(${birth_date}, '%n')) - if(number(format-date(${today}, '%e')) < number(format-date(${birth_date}, '%e')), 1, 0)"}),
        Question("select_one yes_no_dk", "birth_registered", ("هل سُجّلت الولادة في الدوائر الرسمية؟", "Is the birth registered with the civil authorities?", "La naissance est-elle enregistrée à l'état civil ?"), True, OLD_ENOUGH % (0, 60)),
        *stimulation_questions(),
        Question("select_one yes_no_dk", "school_attended_this_year", ("هل ذهب إلى المدرسة أو الروضة في هذه السنة الدراسية؟", "Did the child attend school or kindergarten this school year?", "L'enfant a-t-il fréquenté l'école ou le jardin d'enfants cette année scolaire ?"), True, OLD_ENOUGH % (36, 216)),
        Question("select_one yes_no", "selected_5_17", ("هل اختير هذا الولد لأسئلة العمل؟ (ولد واحد بين 5 و17)", "Is this the child selected for the questions on work? (one child of 5 to 17)", "Est-ce l'enfant choisi pour les questions sur le travail ? (un seul de 5 à 17 ans)"), True, OLD_ENOUGH % (60, 216)),
        Question("integer", "economic_hours", ("كم ساعة عمل في الأسبوع الماضي، بأجر أو بلا أجر؟", "How many hours did the child work last week, paid or not?", "Combien d'heures l'enfant a-t-il travaillé la semaine dernière, payées ou non ?"), True, worker, limit, hours),
        Question("integer", "chores_hours", ("كم ساعة من أعمال المنزل في الأسبوع الماضي؟", "How many hours of household chores last week?", "Combien d'heures de tâches ménagères la semaine dernière ?"), True, worker, limit, hours),
        Question("end_repeat", "children"),
        Question("text", "remarks", ("ملاحظات", "Remarks", "Remarques")),
    ]  # fmt: skip


def label_columns(kind: str, label: Label | None) -> dict[str, str]:
    if label is None:
        return {}
    return {
        f"{kind}::{language}": text
        for language, text in zip(LANGUAGES, label, strict=True)
    }


def sheets(title: str) -> dict[str, list[dict[str, str]]]:
    """Rows of the sheets survey, choices and settings, by column name."""
    survey = []
    for question in household_questions() + child_questions():
        row = {
            "type": question.type,
            "name": question.name,
            **label_columns("label", question.label),
        }
        if question.required:
            row |= {"required": "yes", **label_columns("required_message", REQUIRED)}
        row |= {"relevant": question.relevant, "constraint": question.constraint}
        row |= label_columns("constraint_message", question.message) | question.extra
        survey.append(row)
    choices = [
        {"list_name": name, "name": code, **label_columns("label", label)}
        for name, options in CHOICES.items()
        for code, label in options
    ]
    settings = {
        "form_title": title,
        "form_id": "household_children",
        "version": VERSION,
        "default_language": LANGUAGES[0],
    }
    return {"survey": survey, "choices": choices, "settings": [settings]}
