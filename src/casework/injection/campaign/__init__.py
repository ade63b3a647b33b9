"""The straight line of a campaign: plan, canary, blocks, audit, merge."""
