"""The exam of the instruments: what each says of models whose algorithm is known (`coconut exam`)."""
