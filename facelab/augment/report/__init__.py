"""What is written when all samples are: annotations, contact sheet, page and card."""
