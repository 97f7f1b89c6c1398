"""Where telemetry comes from: recordings and simulations, replayed into Kafka."""
