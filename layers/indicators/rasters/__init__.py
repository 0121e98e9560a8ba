"""What rasters and ways on foot say of zones: people, hazards, minutes to a place."""
