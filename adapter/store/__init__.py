"""What survives a restart: messages, reports, patients, scores, deliveries."""
