SELECT target.id, target.municipality_id, target.round_id, target.parcel_id,
       target.stratum, target.psu, target.base_weight, target.stratum_psus,
       target.outcome, target.outcome_at
  FROM surveys_target AS target
 WHERE target.round_id = %(round)s
   AND target.parcel_id = ANY(%(parcels)s)
