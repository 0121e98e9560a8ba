import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from layers.geography.tenancy import RowSecurity

FROZEN = (
    "indicators_deprivationfigure",
    "indicators_deprivationcounts",
    "indicators_modelledestimate",
)
FREEZE = (
    "CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION indicators_refuse_change()"
)


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0006_raster_children_and_hazard"),
        ("indicators", "0007_answers_in_arrays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="deprivation",
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name="DeprivationCounts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("content", models.JSONField()),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="indicators.release",
                    ),
                ),
            ],
            options={
                "verbose_name": "counts behind the deprivation of a release",
                "verbose_name_plural": "counts behind the deprivation of releases",
            },
        ),
        migrations.CreateModel(
            name="DeprivationFigure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "band",
                    models.CharField(
                        choices=[
                            ("all", "all ages"),
                            ("0-23m", "0 to 23 months"),
                            ("24-59m", "2 to 4 years"),
                            ("5-11", "5 to 11 years"),
                            ("12-17", "12 to 17 years"),
                        ],
                        max_length=10,
                        verbose_name="age band",
                    ),
                ),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("headcount", "share of children who are deprived (H)"),
                            ("intensity", "how much the deprived lack on average (A)"),
                            ("adjusted", "adjusted headcount (M0)"),
                            ("cutoff", "share of children at a cutoff"),
                            ("cutoff_m0", "adjusted headcount at a cutoff"),
                            ("indicator", "share lacking one thing"),
                            ("censored", "share deprived and lacking one thing"),
                            ("contribution", "part of M0 from one thing"),
                            ("dimension", "share lacking in a dimension"),
                            ("dimension_part", "part of M0 from a dimension"),
                            ("overlap", "share lacking in exactly these dimensions"),
                        ],
                        max_length=20,
                        verbose_name="measure",
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="of what"
                    ),
                ),
                ("estimate", models.FloatField(null=True, verbose_name="estimate")),
                ("se", models.FloatField(null=True, verbose_name="standard error")),
                ("low", models.FloatField(null=True, verbose_name="lower bound")),
                ("high", models.FloatField(null=True, verbose_name="upper bound")),
                (
                    "df",
                    models.PositiveIntegerField(
                        null=True, verbose_name="degrees of freedom"
                    ),
                ),
                (
                    "n",
                    models.PositiveIntegerField(
                        null=True, verbose_name="children asked, rounded"
                    ),
                ),
                (
                    "households",
                    models.PositiveIntegerField(
                        null=True, verbose_name="households, rounded"
                    ),
                ),
                (
                    "dropped",
                    models.PositiveIntegerField(
                        null=True,
                        verbose_name="children left out because of a missing answer, rounded",
                    ),
                ),
                (
                    "population",
                    models.PositiveIntegerField(
                        null=True,
                        verbose_name="children in the zone, estimated, rounded",
                    ),
                ),
                (
                    "total",
                    models.PositiveIntegerField(
                        null=True, verbose_name="deprived children, estimated, rounded"
                    ),
                ),
                (
                    "flag",
                    models.CharField(
                        choices=[
                            ("reliable", "reliable"),
                            ("uncertain", "uncertain"),
                            ("withheld", "withheld"),
                            ("no_data", "no data"),
                        ],
                        max_length=10,
                        verbose_name="flag",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", ""),
                            ("small_sample", "few children, or a wide interval"),
                            ("few_children", "too few children were asked"),
                            ("few_households", "too few households were asked"),
                            (
                                "few_affected",
                                "so few children that they could be known",
                            ),
                            (
                                "protects_others",
                                "it could give children away, here or in another figure",
                            ),
                            ("no_data", "no child was asked"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deprivation_figures",
                        to="indicators.release",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        help_text="Empty for the whole town.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "figure of deprivation",
                "verbose_name_plural": "figures of deprivation",
                "ordering": ["band", "zone__code", "measure", "part"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("release", "band", "zone", "measure", "part"),
                        name="deprivation_once_per_release",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("flag__in", ["reliable", "uncertain"]),
                            models.Q(
                                ("df", None),
                                ("estimate", None),
                                ("high", None),
                                ("low", None),
                                ("se", None),
                            ),
                            _connector="OR",
                        ),
                        name="deprivation_withheld_without_values",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("flag__in", ["reliable", "uncertain"]),
                            models.Q(
                                ("dropped", None),
                                ("households", None),
                                ("n", None),
                                ("population", None),
                                ("total", None),
                            ),
                            _connector="OR",
                        ),
                        name="deprivation_withheld_without_totals",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeprivationScheme",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("in_use", "in use"),
                            ("retired", "retired"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "content",
                    models.JSONField(verbose_name="dimensions, weights and cutoffs"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("used_since", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
            ],
            options={
                "verbose_name": "scheme of deprivation",
                "verbose_name_plural": "schemes of deprivation",
                "ordering": ["-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("municipality", "version"),
                        name="deprivation_scheme_version",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "in_use")),
                        fields=("municipality",),
                        name="deprivation_scheme_in_use_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("municipality",),
                        name="deprivation_scheme_one_draft",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelledEstimate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "indicator",
                    models.CharField(max_length=60, verbose_name="indicator"),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("empirical_bayes", "empirical Bayes"),
                            ("fay_herriot", "Fay–Herriot"),
                        ],
                        max_length=16,
                        verbose_name="method",
                    ),
                ),
                (
                    "covariate",
                    models.CharField(
                        blank=True,
                        help_text="A statistic of zones.",
                        max_length=120,
                        verbose_name="covariate",
                    ),
                ),
                ("covariate_version", models.PositiveIntegerField(null=True)),
                ("estimate", models.FloatField(verbose_name="modelled estimate")),
                (
                    "rmse",
                    models.FloatField(verbose_name="root of the mean squared error"),
                ),
                ("low", models.FloatField(verbose_name="lower bound")),
                ("high", models.FloatField(verbose_name="upper bound")),
                (
                    "own_weight",
                    models.FloatField(
                        help_text="Between 0 and 1.",
                        verbose_name="weight of the zone's own figure",
                    ),
                ),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.municipality",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="modelled_estimates",
                        to="indicators.release",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="geography.zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "modelled estimate",
                "verbose_name_plural": "modelled estimates",
                "ordering": ["indicator", "zone__code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("release", "indicator", "zone"),
                        name="modelled_once_per_release",
                    )
                ],
            },
        ),
        *(RowSecurity(table) for table in ("indicators_deprivationscheme", *FROZEN)),
        *(
            migrations.RunSQL(
                FREEZE.format(table=table), f"DROP TRIGGER frozen ON {table}"
            )
            for table in FROZEN
        ),
    ]
