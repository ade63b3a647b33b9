"""What a fault did to the outputs: masked, benign, silent corruption, detected, or an unusable result."""
