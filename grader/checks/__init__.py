"""What a check is written with: inputs, expectations, and the words for what differs."""
