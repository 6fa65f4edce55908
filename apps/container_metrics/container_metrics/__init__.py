"""What containers use, from the engine's own numbers, under the names that cAdvisor gave them."""
