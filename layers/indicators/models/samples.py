from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel


class ObservationSet(TenantModel):
    """The de-identified children of one survey round or census."""

    code = models.SlugField(_("code"), max_length=60)
    title_ar = models.CharField(_("Arabic title"), max_length=200)
    title_en = models.CharField(_("English title"), max_length=200)
    title_fr = models.CharField(_("French title"), max_length=200)
    reference_date = models.DateField(_("reference date"))
    source = models.CharField(_("source"), max_length=200)
    digest = models.CharField(
        max_length=64,
        help_text=_("SHA-256 of the observations: the same content changes nothing."),
    )
    # By response class, what the weights of its households are multiplied with.
    response_factors = models.JSONField(default=dict)
    # Known totals of children that the weights are drawn to, as `known_totals` has them.
    known_totals = models.JSONField(default=dict)
    # With which definitions the running sums were made; empty: they are to be made anew.
    running = models.JSONField(default=dict)
    # What the arrays of its households and of its children hold, in their order.
    unit_columns = ArrayField(models.CharField(max_length=60), default=list)
    child_columns = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        verbose_name = _("set of observations")
        verbose_name_plural = _("sets of observations")
        ordering = ["-reference_date", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="observation_set_code"
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def titles(self) -> dict[str, str]:
        return {"ar": self.title_ar, "en": self.title_en, "fr": self.title_fr}


def _town_of_many() -> models.ForeignKey:
    """The municipality of rows that are always read by their set.

    Without an index: row security compares it in every query, and as long as nothing is
    known of new rows PostgreSQL would take that for a short way to few of them.
    """
    return models.ForeignKey(
        "geography.Municipality", models.PROTECT, related_name="+", db_index=False
    )


class SampleUnit(TenantModel):
    """A household that responded, with or without children."""

    municipality = _town_of_many()
    # Without an index of its own: that of its key begins with it.
    observation_set = models.ForeignKey(
        ObservationSet, models.CASCADE, related_name="units", db_index=False
    )
    key = models.CharField(max_length=64)
    zone = models.ForeignKey("geography.Zone", models.PROTECT, related_name="+")
    stratum = models.CharField(max_length=60)
    psu = models.CharField(max_length=64)
    weight = models.FloatField()
    response_class = models.CharField(max_length=60, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    stratum_psus = models.PositiveIntegerField(
        null=True,
        help_text=_("Primary sampling units in the stratum's frame, if known."),
    )
    # In the order of the set's `unit_columns`; NaN where nothing is known.
    values = ArrayField(models.FloatField(), default=list)

    class Meta:
        verbose_name = _("sampled household")
        verbose_name_plural = _("sampled households")
        constraints = [
            models.UniqueConstraint(
                fields=["observation_set", "key"], name="sample_unit_key"
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0), name="sample_unit_weight_positive"
            ),
        ]
        indexes = [
            models.Index(
                fields=["observation_set", "stratum", "psu"], name="sample_unit_psu"
            )
        ]

    def __str__(self) -> str:
        return self.key


class Observation(TenantModel):
    """A child, without a name, a birth date or a place but the zone."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("girl")
        MALE = "male", _("boy")

    municipality = _town_of_many()
    # Told again, so that reading a set needs no join; its key's index begins with it.
    observation_set = models.ForeignKey(
        ObservationSet, models.CASCADE, related_name="children", db_index=False
    )
    unit = models.ForeignKey(SampleUnit, models.CASCADE, related_name="children")
    key = models.CharField(max_length=64)
    sex = models.CharField(max_length=6, choices=Sex)
    age_months = models.PositiveSmallIntegerField()
    # In the order of the set's `child_columns`; NaN where nothing is known.
    values = ArrayField(models.FloatField(), default=list)

    class Meta:
        verbose_name = _("observation")
        verbose_name_plural = _("observations")
        constraints = [
            models.UniqueConstraint(
                fields=["observation_set", "key"], name="observation_key"
            )
        ]

    def __str__(self) -> str:
        return self.key


class Woman(TenantModel):
    """A woman of 20 to 24: in which household's zone, and whether she married as a child.

    Nothing of her but this, and no key: no later round can be laid beside it.
    """

    municipality = _town_of_many()
    observation_set = models.ForeignKey(
        ObservationSet, models.CASCADE, related_name="women"
    )
    unit = models.ForeignKey(SampleUnit, models.CASCADE, related_name="women")
    age_years = models.PositiveSmallIntegerField()
    married_before_15 = models.BooleanField(null=True)
    married_before_18 = models.BooleanField(null=True)

    class Meta:
        verbose_name = _("woman of 20 to 24")
        verbose_name_plural = _("women of 20 to 24")
        constraints = [
            models.CheckConstraint(
                condition=Q(age_years__range=(20, 24)), name="woman_of_20_to_24"
            ),
            models.CheckConstraint(
                condition=Q(
                    married_before_15__isnull=True, married_before_18__isnull=True
                )
                | Q(married_before_15=False, married_before_18__isnull=False)
                | Q(married_before_15=True, married_before_18=True),
                name="woman_married_in_order",
            ),
        ]

    def __str__(self) -> str:
        return str(self.age_years)


class RunningSum(TenantModel):
    """What the figures of now need of one stratum's part of a zone, or of the town.

    Sums of the households of one response class, with their weights before that class's
    factor; `services` keep them in step with the observations.
    """

    observation_set = models.ForeignKey(
        ObservationSet, models.CASCADE, related_name="sums"
    )
    zone = models.ForeignKey(
        "geography.Zone", models.PROTECT, null=True, related_name="+"
    )
    stratum = models.CharField(max_length=60)
    response_class = models.CharField(max_length=60, blank=True)
    psus = models.PositiveIntegerField()
    stratum_psus = models.PositiveIntegerField(null=True)
    sums = models.BinaryField()

    class Meta:
        verbose_name = _("running sum")
        verbose_name_plural = _("running sums")
        constraints = [
            models.UniqueConstraint(
                fields=["observation_set", "zone", "stratum", "response_class"],
                name="running_sum_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.stratum} {self.response_class}".strip()
