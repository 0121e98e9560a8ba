"""Invented names: quarters, facilities, people. Each place is (Arabic, English, French)."""

import numpy as np

Place = tuple[str, str, str]

QUARTERS: dict[str, list[Place]] = {
    "core": [
        ("الساحة العتيقة", "Old Square", "Vieille Place"),
        ("حارة السوق", "Souk Quarter", "Quartier du Souk"),
        ("حارة القناطر", "Arches Quarter", "Quartier des Arcades"),
        ("حارة الحدّادين", "Blacksmiths' Quarter", "Quartier des Forgerons"),
        ("حارة الدرج", "Stairs Quarter", "Quartier de l'Escalier"),
    ],
    "wadi": [
        ("جسر الحجر", "Stone Bridge", "Pont de Pierre"),
        ("الطواحين", "The Mills", "Les Moulins"),
        ("حور الوادي", "Wadi Poplars", "Peupliers de l'Oued"),
        ("ضفّة الصفصاف", "Willow Bank", "Rive des Saules"),
        ("البساتين التحتا", "Lower Orchards", "Vergers d'en Bas"),
        ("عين الفوّار", "Bubbling Spring", "Source du Fouar"),
    ],
    "inner": [
        ("عين الضيعة", "Village Spring", "Source du Village"),
        ("حيّ المعصرة", "Olive Press", "Quartier du Pressoir"),
        ("حيّ الخرّوبة", "Carob Tree", "Quartier du Caroubier"),
        ("حيّ التوتة", "Mulberry Tree", "Quartier du Mûrier"),
        ("حيّ الفرن", "The Bakery", "Quartier du Four"),
        ("حيّ السراي", "The Serail", "Quartier du Sérail"),
        ("حيّ البركة", "The Pool", "Quartier du Bassin"),
        ("حيّ الحمّام القديم", "Old Bathhouse", "Quartier du Vieux Hammam"),
    ],
    "new": [
        ("حيّ الصنوبر", "The Pines", "Quartier des Pins"),
        ("حيّ النسيم", "The Breeze", "Quartier de la Brise"),
        ("حيّ المحطّة", "The Station", "Quartier de la Gare"),
        ("حيّ المشاريع", "New Housing", "Cité Nouvelle"),
        ("حيّ المطلّ", "The Belvedere", "Quartier du Belvédère"),
        ("حيّ الياسمين", "Jasmine", "Quartier du Jasmin"),
        ("حيّ التعاونية", "The Cooperative", "Quartier de la Coopérative"),
        ("حيّ الرمّان", "Pomegranate", "Quartier du Grenadier"),
        ("حيّ الزهور", "The Flowers", "Quartier des Fleurs"),
        ("حيّ الورش", "The Workshops", "Quartier des Ateliers"),
    ],
    "camp": [("مخيّم التلّة", "Hill Camp", "Camp de la Colline")],
    "edge": [
        ("كروم الضهر", "Ridge Vineyards", "Vignes de la Crête"),
        ("سهل القمح", "Wheat Plain", "Plaine du Blé"),
        ("البيادر", "Threshing Floors", "Les Aires"),
        ("رأس العين", "Spring Head", "Tête de la Source"),
        ("المراح", "The Fold", "La Bergerie"),
        ("شير السنديان", "Oak Cliff", "Falaise du Chêne"),
        ("حقلة الزعتر", "Thyme Field", "Champ de Thym"),
        ("المرج", "The Meadow", "La Prairie"),
        ("خلّة الراعي", "Shepherd's Hollow", "Combe du Berger"),
        ("جلّ اللوز", "Almond Terrace", "Terrasse des Amandiers"),
    ],
}

BLOCK: Place = ("مجموعة", "Block", "Îlot")

# kind, ownership, Arabic, English, French; {0} is the quarter's name.
FACILITIES: list[tuple[str, str, str, str, str]] = [
    ("school", "public", "مدرسة {0} الرسمية", "{0} Public School", "École publique, {0}"),
    ("playground", "public", "ملعب {0}", "{0} Playground", "Aire de jeux, {0}"),
    ("worship", "private", "جامع {0}", "{0} Mosque", "Mosquée, {0}"),
    ("clinic", "public", "مركز {0} للرعاية الصحية الأولية", "{0} Primary Health Care Centre", "Centre de soins primaires, {0}"),
    ("school", "private", "مدرسة {0} الخاصة", "{0} Private School", "École privée, {0}"),
    ("kindergarten", "public", "روضة {0}", "{0} Kindergarten", "Jardin d'enfants, {0}"),
    ("school", "public", "متوسطة {0} الرسمية", "{0} Public Intermediate School", "École complémentaire, {0}"),
    ("playground", "public", "حديقة {0} العامة", "{0} Public Garden", "Jardin public, {0}"),
    ("clinic", "private", "مستوصف {0}", "{0} Dispensary", "Dispensaire, {0}"),
    ("worship", "private", "كنيسة {0}", "{0} Church", "Église, {0}"),
    ("school", "public", "ثانوية {0} الرسمية", "{0} Public Secondary School", "Lycée public, {0}"),
    ("library", "public", "مكتبة {0} العامة", "{0} Public Library", "Bibliothèque publique, {0}"),
]  # fmt: skip

GIRLS = [
    "لين",
    "مريم",
    "سارة",
    "نور",
    "جنى",
    "تالا",
    "ريتا",
    "زينب",
    "فاطمة",
    "هبة",
    "رهف",
    "آية",
    "سلمى",
    "ياسمين",
    "دانا",
    "ميرا",
    "لارا",
    "غنى",
    "رنيم",
    "شهد",
    "إسراء",
    "بتول",
    "جود",
    "حلا",
    "رغد",
    "سيدرا",
    "ملاك",
    "وعد",
    "كارين",
    "مايا",
]
BOYS = [
    "كريم",
    "آدم",
    "علي",
    "محمد",
    "عمر",
    "حسن",
    "يوسف",
    "خالد",
    "جاد",
    "إيلي",
    "أحمد",
    "عبدالله",
    "حسين",
    "إبراهيم",
    "ماهر",
    "زياد",
    "رامي",
    "سامر",
    "طارق",
    "وائل",
    "بلال",
    "أنس",
    "يزن",
    "مالك",
    "سليم",
    "فادي",
    "جورج",
    "شربل",
    "نديم",
    "غسان",
]
FAMILIES = [
    "الحوراني",
    "المعلوف",
    "شمعون",
    "البيطار",
    "العسّاف",
    "الزين",
    "خوري",
    "درويش",
    "الحلبي",
    "سرحال",
    "أبوزيد",
    "الفرّان",
    "حمدان",
    "الرفاعي",
    "نعمة",
    "القاضي",
    "الصبّاغ",
    "العلي",
    "المصري",
    "حدّاد",
    "فرنجي",
    "ياسين",
    "عبود",
    "السيّد",
    "الخطيب",
    "مطر",
    "نصّار",
    "الأحمد",
    "الجاسم",
    "العبدالله",
    "الحمود",
    "السلوم",
    "المحمد",
    "الشيخ",
    "طعمة",
    "كنعان",
    "بركات",
    "صقر",
]
SURVEYORS = ["رنا سرحال", "هادي البيطار", "ميساء نعمة", "جمال حمدان", "كارلا خوري", "فراس العلي", "لمى نصّار", "عادل ياسين"]  # fmt: skip


def zone_names(
    kinds: list[str], by_wadi: list[bool], rng: np.random.Generator
) -> list[Place]:
    """One name for each zone of a unit, fitting what lies there."""
    pools = {
        kind: [names[i] for i in rng.permutation(len(names))]
        for kind, names in QUARTERS.items()
    }
    if "camp" in kinds:
        pools["camp"] = list(QUARTERS["camp"])
    chosen = []
    for kind, wet in zip(kinds, by_wadi, strict=True):
        wet = wet and kind in ("inner", "new", "edge")
        order = (
            ("wadi", kind, "inner", "new", "edge")
            if wet
            else (kind, "inner", "new", "edge")
        )
        pool = next(pools[name] for name in order if pools[name])
        chosen.append(pool.pop())
    return chosen


def people(rng: np.random.Generator, count: int, women: np.ndarray) -> list[str]:
    family = rng.integers(len(FAMILIES), size=count)
    first = rng.integers(1 << 30, size=count)
    given = [
        GIRLS[number % len(GIRLS)] if woman else BOYS[number % len(BOYS)]
        for number, woman in zip(first, women, strict=True)
    ]
    return [
        f"{name} {FAMILIES[number]}" for name, number in zip(given, family, strict=True)
    ]
