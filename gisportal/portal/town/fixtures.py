"""The two committed towns."""

from .plan import TownPlan

WADI_ZAYTOUN = TownPlan(
    slug="wadi-zaytoun",
    names={
        "name_ar": "وادي الزيتون",
        "name_en": "Wadi al-Zaytoun",
        "name_fr": "Ouadi el-Zeitoun",
    },
)
AIN_TINEH = TownPlan(
    slug="ain-tineh",
    names={
        "name_ar": "عين التينة",
        "name_en": "Ain el-Tineh",
        "name_fr": "Aïn el-Tiné",
    },
    parcels=300,
    seed=11,
    households=80,
    rounds=("2026-spring",),
    centre=(35.876, 33.823),
    accent="#7a4a1f",
    bill_accounts=40,
    requests=12,
)
FIXTURES = (WADI_ZAYTOUN, AIN_TINEH)
