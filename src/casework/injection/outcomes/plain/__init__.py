"""Second judges for the audit: the definitions of outcomes written out for one prediction, without screens, limits or blocks."""
