"""What goes out: release bundles and their verification, attested decisions, exports."""
