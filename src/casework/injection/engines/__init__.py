"""Ways to compute what a faulty model gives: each exact to a stated degree, all held to the same oracle."""
