"""What the instruments say of a model, question by question, each with its marks in the exam (`coconut verdict`)."""
