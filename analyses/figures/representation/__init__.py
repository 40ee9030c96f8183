"""What is in a thought: probes, lenses and features, each beside what they find where nothing should be found."""
