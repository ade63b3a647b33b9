"""Windows of faulty inferences, followed through a graph over images; the arithmetic below the engines patch and channel."""
