"""The attacks that must be caught: what an attacker does, what stands against it, the code that tells, and the tests that hold it.

`docs/explanation/threat-model.md` is made from this table (`python docs/make_threat_model.py`), and `test_matrix.py` compares it with the
tests and the codes that exist. Numbers are for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    Attributes:
        number: 1 to 106, for ever.
        title: In a few words.
        does: What the attacker does, and what it would gain.
        defence: What stands against it.
        home: Module of the defence, below src/casework/.
        codes: Codes that tell of it; empty where the act simply has no effect, as `defence` says.
        tests: Tests that hold it, `path::name`, below tests/.
    """

    number: int
    title: str
    does: str
    defence: str
    home: str
    codes: tuple[str, ...]
    tests: tuple[str, ...]


E: Final = "unit/attest/test_evidence_attacks.py::test_"
P: Final = "unit/attest/test_trust_policy.py::test_"
C: Final = "unit/attest/test_policy_chain.py::test_"
T: Final = "unit/attest/test_stamps.py::test_"
S: Final = "unit/attest/test_sigstore_bundle.py::test_"
L: Final = "unit/attest/log/test_judge.py::test_"
F: Final = "unit/attest/test_evidence_paths.py::test_"
K: Final = "unit/attest/test_keys.py::test_"
Z: Final = "unit/artifact/test_archive.py::test_"
M: Final = "unit/generators/test_model_signature.py::test_"
D: Final = "unit/generators/test_model_attacks.py::test_"
N: Final = "unit/artifact/test_onnx_model.py::test_"
B: Final = "attacks/test_binding.py::test_"
R: Final = "attacks/test_parsing.py::test_"
V: Final = "attacks/test_environment.py::test_"
X: Final = "attacks/test_rendering.py::test_"
A: Final = "attacks/test_log.py::test_"
Q: Final = "attacks/test_release.py::test_"
W: Final = "attacks/test_base.py::test_"
U: Final = "attacks/test_external_weights.py::test_"
G: Final = "mutate/test_mutate_campaign.py::test_"

DSSE, OPENING, VERIFY, POLICY = "attest/dsse.py", "attest/opening.py", "attest/verify.py", "attest/trust/policy.py"
APPRAISE, TIMING, JUDGE, PATHS = (
    "graph/appraise.py",
    "attest/dating/timing.py",
    "attest/log/judge.py",
    "attest/paths.py",
)
STRICT, YAML, BUNDLE, ONNX = (
    "artifact/strict_json.py",
    "artifact/yaml_reader.py",
    "attest/sigstore/bundle.py",
    "artifact/onnx_model.py",
)
SIGNATURE, HISTORY = "generators/model_signature/openssf.py", "store/history.py"

GROUPS: Final[dict[str, tuple[int, int]]] = {
    "Signatures": (1, 21), "Time": (22, 27), "Binding": (28, 39), "Freshness and replay": (40, 42), "Independence": (43, 44), "Results": (45, 52),
    "Parsing": (53, 65), "Files": (66, 69), "Trust policy": (70, 75), "Log": (76, 82), "Model files": (83, 92), "Sigstore": (93, 97),
    "Environment": (98, 106),
}  # fmt: skip
"""Name of each group to its first and last number."""

ATTACKS: Final[tuple[Attack, ...]] = (
    # Signatures
    Attack(1, "Empty signature list", "Removes every signature from a sealed record.", "An envelope without a signature is no evidence.", OPENING, ("SIG-001",), (E + "attack_01_sig_001_empty_signature_list",)),
    Attack(2, "Bare result file", "Puts the record where the envelope belongs.", "Only envelopes are read as evidence.", OPENING, ("SIG-001",), (E + "attack_02_sig_001_bare_result_file",)),
    Attack(3, "Flipped result", "Changes a figure under the old signature.", "The signature is verified over the bytes before they are parsed.", OPENING, ("SIG-003",), (E + "attack_03_sig_003_result_flipped_under_the_old_signature", G + "3000_payloads_of_evidence_under_the_old_signatures")),
    Attack(4, "Our key id over another signature", "Signs with a key of its own and names ours.", "The key id is a hint; the public key of the policy decides.", OPENING, ("SIG-003",), (E + "attack_04_sig_003_attackers_signature_under_our_key_id",)),
    Attack(5, "Unknown key", "Signs with a key that the policy does not list.", "Only keys of the signed trust policy count.", OPENING, ("SIG-004",), (E + "attack_05_sig_004_key_that_the_policy_does_not_list", E + "attack_05_sig_004_unknown_key_beside_a_good_one")),
    Attack(6, "Key inside the evidence", "Embeds its public key or certificate in the envelope.", "No key is ever taken from evidence; the field is refused.", DSSE, ("SIG-004",), (E + "attack_06_sig_004_key_embedded_in_the_evidence", E + "attack_06_sig_004_pem_in_the_place_of_the_key_id")),
    Attack(7, "Developer signs validation", "Signs evidence in a role that does not speak for it.", "Each kind of evidence names the roles that must sign.", VERIFY, ("SIG-005",), (E + "attack_07_sig_005_developer_signs_validation",)),
    Attack(8, "Machine signs verification", "Lets the pipeline sign what a person must.", "Roles belong to persons; a machine holds none of theirs.", VERIFY, ("SIG-005",), (E + "attack_08_sig_005_machine_signs_evidence_of_verification",)),
    Attack(9, "Invented kind of evidence", "Names a generator for which the policy has no rule.", "What the policy does not know cannot count.", VERIFY, ("SIG-005",), (E + "attack_09_sig_005_invented_evidence_type",)),
    Attack(10, "One of two signatures", "Leaves out the second person.", "Thresholds by role.", "attest/trust/thresholds.py", ("SIG-006",), (E + "attack_10_sig_006_one_of_two_signatures",)),
    Attack(11, "One signature under two key ids", "Counts one signature twice.", "A signature fits one key only, and persons are counted.", "attest/trust/thresholds.py", ("SIG-006",), (E + "attack_11_sig_006_same_signature_under_two_key_ids",)),
    Attack(12, "Two signatures of one key", "Signs twice with randomised ECDSA.", "A doubled signer is refused.", OPENING, ("SIG-006",), (E + "attack_12_sig_006_two_ecdsa_signatures_of_one_key", E + "attack_12_sig_006_doubled_signature_is_refused_even_where_enough_have_signed")),
    Attack(13, "Two keys of one person", "Signs with laptop and token.", "Thresholds count persons, not keys.", "attest/trust/thresholds.py", ("SIG-006",), (E + "attack_13_sig_006_two_keys_of_one_person",)),
    Attack(14, "Revoked key", "Uses a key after its revocation, or claims an earlier day.", "Judged at the proven time; without proof a revoked key counts no more.", TIMING, ("SIG-007",), (E + "attack_14_sig_007_revoked_key", E + "attack_14_sig_007_back_dating_with_a_key_that_is_revoked_by_now_and_no_proof_of_time")),
    Attack(15, "Compromised key", "Uses a key that leaked.", "`compromised` voids everything that the key ever signed.", TIMING, ("SIG-007",), (E + "attack_15_sig_007_compromised_key_voids_all_it_signed",)),
    Attack(16, "Key out of its days", "Signs before or after the days of the key.", "Judged at the proven time.", TIMING, ("SIG-008",), (E + "attack_16_sig_008_key_expired_or_not_yet_valid", E + "attack_16_sig_008_back_dating_with_a_key_that_has_expired_by_now_and_no_proof_of_time")),
    Attack(17, "Payload type swapped", "Passes another signed document off as evidence.", "The signature covers the payload type (DSSE), and one type is expected.", DSSE, ("SIG-009",), (E + "attack_17_sig_009_payload_type_swapped",)),
    Attack(18, "Weak key in the policy", "Has a key listed that can be forged.", "Ed25519, P-256 and P-384 only, points of small order refused.", "attest/keys", ("SIG-010",), (P + "attack_18_sig_010_weak_key_in_the_policy", K + "attack_18_sig_010_weak_or_foreign_keys", K + "attack_18_sig_010_ed25519_key_of_small_order")),
    Attack(19, "Junk in base64", "Hides bytes that lenient decoders skip.", "Canonical base64 only.", DSSE, ("SIG-002",), (E + "attack_19_sig_002_junk_in_base64", E + "attack_19_sig_002_stray_bits_and_emptiness")),
    Attack(20, "Good and broken signature", "Hides a broken signature behind a good one.", "Every signature present must fit.", OPENING, ("SIG-003",), (E + "attack_20_sig_003_good_signature_beside_a_broken_one",)),
    Attack(21, "Unsigned extra field", "Adds a field that only some readers look at.", "Closed schema before any other check.", DSSE, ("PRS-007",), (E + "attack_21_prs_007_unsigned_extra_field", E + "attack_21_prs_007_extra_field_in_the_record", G + "6000_envelopes_of_evidence_changed_without_a_key")),
    # Time
    Attack(22, "Stamp removed", "Takes away the proof of a late signature.", "`timestamp: true` demands proof.", TIMING, ("TIM-001",), (T + "attack_22_a_removed_stamp", Q + "attack_22_stamps_that_the_policy_demands_cannot_be_taken_away")),
    Attack(23, "Stamp borrowed", "Copies the stamp of another record.", "A token covers the bytes of one signature.", "attest/dating/stamps.py", ("TIM-002",), (T + "attack_23_a_stamp_borrowed_from_another_record", Q + "attack_23_a_stamp_of_another_signature_is_refused")),
    Attack(24, "Foreign authority", "Stamps with an authority of its own.", "Authorities are pinned by certificate in the policy.", "attest/dating/stamps.py", ("TIM-002",), (T + "attack_24_a_stamp_by_a_foreign_authority", Q + "attack_24_a_foreign_authority_proves_nothing")),
    Attack(25, "Run in the future", "Post-dates a record, so that it outlives its age and supersedes honest ones.", "Nothing from later than now counts.", TIMING, ("TIM-003",), (E + "attack_25_tim_003_run_in_the_future", T + "attack_25_a_run_in_the_future_is_told_now_and_when_its_day_has_come", Q + "attack_25_a_release_of_the_future_is_refused")),
    Attack(26, "Back-dating", "Writes an earlier date with an expired key.", "The proven time rules over the stated one.", TIMING, ("TIM-004",), (T + "attack_26_a_back_dated_record", Q + "attack_26_a_key_that_had_expired_cannot_seal_into_the_past")),
    Attack(27, "Stamped weeks later", "Collects results and signs the one that pleases.", "`sign_within_hours`.", TIMING, ("TIM-005",), (T + "attack_27_a_record_stamped_weeks_later",)),
    # Binding
    Attack(28, "Model changed", "Ships another model than was tested, with or without a new digest on the card.", "Records are bound to the digest of the file as it lies there.", APPRAISE, ("EVD-003", "MDL-002"), (B + "attack_28_the_model_is_changed", B + "attack_28_the_model_is_changed_with_its_card", B + "attack_28_the_card_names_another_file")),
    Attack(29, "Dataset changed", "Tests on easier data.", "Bound to the manifest, which pins each file.", APPRAISE, ("EVD-003",), (B + "attack_29_the_dataset_is_changed",)),
    Attack(30, "Configuration changed", "Changes options, seed, preprocessing or decoder.", "Bound to the digest of the options and of the card's interface.", APPRAISE, ("EVD-003",), (B + "attack_30_the_configuration_is_changed", B + "attack_30_the_use_of_the_model_is_changed")),
    Attack(31, "Unqualified tool", "Uses another version of the generator, or another tool.", "Name and version must be those that this Casework knows, and the plan names.", APPRAISE, ("EVD-003", "SIG-005", "BND-006"), (B + "attack_31_a_tool_that_is_not_the_qualified_one", B + "attack_31_a_tool_that_nobody_knows")),
    Attack(32, "Requirement weakened", "Lowers the bound after the run.", "Bound to the fingerprint of the requirement: all of it but title, tags and notes.", "graph/fingerprint.py", ("EVD-003",), (B + "attack_32_the_requirement_is_weakened",)),
    Attack(33, "Evidence of another requirement", "Lets a record speak for a requirement that it was not made for.", "The record names the requirements and their fingerprints.", APPRAISE, ("EVD-003",), (B + "attack_33_evidence_of_another_requirement",)),
    Attack(34, "Weaker kind of evidence", "Delivers a cheaper generator's record than planned.", "The plan names the generator.", VERIFY, ("BND-006",), (E + "attack_34_bnd_006_weaker_generator_than_planned", B + "attack_34_a_weaker_kind_of_evidence_than_planned")),
    Attack(35, "Input left out", "Leaves a digest out of the record, so that nothing can differ.", "Every input that the plan implies must be bound.", APPRAISE, ("EVD-003",), (B + "attack_35_an_input_is_left_out",)),
    Attack(36, "Many subjects", "Names several artefacts, one of which was examined.", "Exactly one subject.", VERIFY, ("BND-007", "EVD-003"), (E + "attack_36_bnd_007_many_subjects", B + "attack_36_37_many_subjects_and_weak_digests", B + "attack_36_another_subject_than_the_record_examined")),
    Attack(37, "Weak digest", "Binds by SHA-1 only.", "SHA-256, and nothing else.", VERIFY, ("BND-007",), (E + "attack_37_bnd_007_weak_digest", B + "attack_36_37_many_subjects_and_weak_digests")),
    Attack(38, "Input bound twice", "Gives one role two digests.", "Doubled keys are refused while parsing.", STRICT, ("PRS-001",), (B + "attack_38_an_input_is_bound_twice",)),
    Attack(39, "Other predicate", "Passes another attestation off as a result.", "One predicate type is expected.", VERIFY, ("BND-000",), (E + "attack_39_bnd_000_other_predicate", E + "attack_39_bnd_000_no_statement_at_all", B + "attack_39_another_predicate_type")),
    # Freshness and replay
    Attack(40, "Too old", "Keeps an old result alive.", "`max_age_days` of the plan.", APPRAISE, ("EVD-003",), (B + "attack_40_too_old", B + "attack_40_too_old_for_the_trust_policy")),
    Attack(41, "Newer failure ignored", "Leaves the older, better record to speak.", "The newest verified record counts, whatever it says.", APPRAISE, ("EVD-002",), (B + "attack_41_a_newer_failure_is_not_outvoted_by_an_older_success",)),
    Attack(42, "Record reused", "Copies a good record to where one is missing.", "The record names its evidence node.", VERIFY, ("RPL-001",), (E + "attack_42_rpl_001_record_of_another_evidence_node", B + "attack_42_a_record_is_used_for_another_evidence_node")),
    # Independence
    Attack(43, "Author verifies", "Signs the verification of a requirement of its own.", "Persons who sign and authors are compared.", "rules/ind_001_author_signs.py", ("IND-001",), (B + "attack_43_the_author_of_the_requirement_signs",)),
    Attack(44, "One person, two roles", "Signs as machine operator and as verifier.", "With `separate_roles` each person counts in one role.", "attest/trust/thresholds.py", ("IND-002",), (E + "attack_44_ind_002_one_person_in_two_roles", B + "attack_44_one_person_in_two_roles")),
    # Results
    Attack(45, "Failed result", "Hopes that a signed failure is taken for evidence.", "The gate compares the figures with the requirement's bound.", "model/acceptance.py", ("EVD-002",), (B + "attack_45_46_a_result_below_the_bound_fails_whatever_it_says",)),
    Attack(46, "`PASSED` below the bound", "Writes a verdict into the record.", "No field for a verdict exists; it is computed.", "model/acceptance.py", ("EVD-002", "PRS-007"), (B + "attack_45_46_a_result_below_the_bound_fails_whatever_it_says", B + "attack_46_a_verdict_in_the_record_is_no_field")),
    Attack(47, "Bound in the record", "Brings along a lower bound.", "The bound is the requirement's; the field is refused.", "model/result.py", ("PRS-007",), (B + "attack_47_a_bound_in_the_record_is_no_field",)),
    Attack(48, "Metric left out", "Leaves out the figure that fails.", "Each criterion must find its figure.", "graph/criteria.py", ("EVD-007",), (B + "attack_48_a_metric_is_left_out",)),
    Attack(49, "Metric twice", "Gives a good and a bad figure.", "One figure for each metric and slice.", VERIFY, ("RES-002",), (E + "attack_49_res_002_metric_twice", B + "attack_49_a_metric_stands_twice")),
    Attack(50, "Failed checks, complete record", "Calls a run complete whose own checks failed.", "Failed self-checks are errors.", "rules/evd_011_failed_self_check.py", ("EVD-011",), (B + "attack_50_a_check_failed_and_the_record_is_complete",)),
    Attack(51, "Status `passed`", "Uses a word that a lenient reader takes for success.", "Four words are known.", VERIFY, ("RES-003",), (E + "attack_51_res_003_status_that_is_none_of_the_four", B + "attack_51_a_status_that_is_none")),
    Attack(52, "Metric that is no number", "Gives `true` or `\"0.99\"`, which compare oddly.", "Strict types.", VERIFY, ("RES-004",), (E + "attack_52_res_004_metric_that_is_no_number", B + "attack_52_a_metric_that_is_no_number")),
    # Parsing
    Attack(53, "Doubled JSON key", "Lets two readers see two values under one signature.", "Doubled keys are refused.", STRICT, ("PRS-001",), (E + "attack_53_prs_001_doubled_key_in_the_payload", E + "attack_53_prs_001_doubled_key_in_the_envelope", R + "attacks_53_to_61_on_a_signed_payload")),
    Attack(54, "NaN", "Gives a figure that no comparison refuses.", "Finite numbers only.", STRICT, ("PRS-002",), (E + "attack_54_prs_002_no_number", R + "attacks_53_to_61_on_a_signed_payload")),
    Attack(55, "1e999", "Gives infinity in disguise.", "Finite numbers only.", STRICT, ("PRS-002",), (E + "attack_55_prs_002_float_beyond_range", R + "attacks_53_to_61_on_a_signed_payload")),
    Attack(56, "Not canonical", "Uses a second form of one statement.", "The bytes must be the RFC 8785 form of what they say.", "attest/statement.py", ("PRS-008",), (E + "attack_56_prs_008_payload_not_canonical", E + "attack_56_prs_008_envelope_not_canonical", R + "attacks_53_to_61_on_a_signed_payload")),
    Attack(57, "Deep nesting", "Exhausts the stack.", "Depth is counted before parsing.", STRICT, ("PRS-003", "FMT-008"), (E + "attack_57_prs_003_deep_nesting", R + "attacks_53_to_61_on_a_signed_payload", R + "attacks_62_to_64_on_node_files")),
    Attack(58, "Oversize", "Exhausts the memory.", "Size limits.", STRICT, ("PRS-003",), (E + "attack_58_prs_003_oversize", R + "attack_58_a_record_that_is_too_large")),
    Attack(59, "Unseen characters", "Shows a reviewer other words than the program reads.", "Zero-width, control and direction-changing characters are refused.", STRICT, ("PRS-005",), (E + "attack_59_prs_005_characters_that_nobody_sees", R + "attacks_53_to_61_on_a_signed_payload")),
    Attack(60, "UTF-16, byte order mark", "Uses bytes that readers decode differently.", "UTF-8 without a mark.", STRICT, ("PRS-006", "FMT-009"), (E + "attack_60_prs_006_other_encodings", R + "attack_60_a_record_in_another_encoding", R + "attacks_62_to_64_on_node_files")),
    Attack(61, "Integer beyond 2^53", "Uses a number that readers round differently.", "Refused.", STRICT, ("PRS-002",), (E + "attack_61_prs_002_integer_that_floats_do_not_hold", R + "attacks_53_to_61_on_a_signed_payload")),
    Attack(62, "Doubled YAML key", "Shows ASIL D above and means the QM below.", "Doubled keys are refused with both places.", YAML, ("FMT-002",), (R + "attacks_62_to_64_on_node_files",)),
    Attack(63, "Anchors, aliases, merge keys", "Expands a few lines to gigabytes, or moves fields unseen.", "None of them is read; YAML 1.2 scalars only.", YAML, ("FMT-007", "FMT-003"), (R + "attacks_62_to_64_on_node_files", R + "attack_63_words_that_old_yaml_takes_for_something_else", "unit/artifact/test_yaml_reader.py::test_an_anchor_bomb_is_refused_without_being_built")),
    Attack(64, "Tags that make objects", "Runs code while a node file is loaded.", "No tag is read; events only, no constructor.", YAML, ("FMT-007",), (R + "attacks_62_to_64_on_node_files",)),
    Attack(65, "Two documents", "Puts a second document behind the one that is looked at.", "Exactly one.", STRICT, ("PRS-000",), (E + "attack_65_prs_000_two_documents", R + "attack_65_two_documents_in_one_record_or_policy")),
    # Files
    Attack(66, "Paths that lead astray", "Uses `..`, absolute paths, backslashes, NUL, `-rf`, `.git/`, `CON`.", "Safe names only, in evidence and in archives.", PATHS, ("PTH-001",), (F + "attack_66_pth_001_paths_that_lead_astray", R + "attack_66_names_that_lead_astray", R + "attack_66_paths_in_nodes_that_lead_astray")),
    Attack(67, "Symbolic links", "Shows content that can change without a trace.", "No link is followed.", PATHS, ("PTH-002",), (F + "attack_67_pth_002_links", R + "attack_67_links", R + "attack_67_links_outside_the_evidence_are_not_followed")),
    Attack(68, "Hard links, pipes", "Shares a file with another name, or gives other bytes at each reading.", "Plain files with one link; opened without blocking.", PATHS, ("PTH-003",), (F + "attack_68_pth_003_hard_links_pipes_and_devices", R + "attack_68_hard_links_and_pipes")),
    Attack(69, "Twins", "Uses names that are one file on other systems.", "Names are compared folded and normalised.", PATHS, ("PTH-004",), (F + "attack_69_pth_004_twins_of_case_and_unicode_form", R + "attack_69_twins_of_case_and_unicode_form")),
    # Trust policy
    Attack(70, "Rollback", "Brings back an old policy with keys that were revoked since.", "Versions only rise: floor of the base revision, of the log, of an argument.", POLICY, ("POL-001", "POL-008"), (P + "attack_70_pol_001_rollback", C + "attack_70_pol_001_floor_and_digests_seen_before", C + "attack_70_pol_008_any_permutation_or_omission_of_the_chain_is_refused", W + "attack_70_an_older_policy_is_a_rollback", L + "attack_070_policy_rollback_is_seen_by_the_log")),
    Attack(71, "Too few root signatures", "Edits the policy, doubles a root signature, or lowers the threshold alone.", "A threshold of root persons, of the old root and of the new one.", "attest/trust/chain.py", ("POL-002",), (P + "attack_71_pol_002_too_few_root_signatures", P + "attack_71_pol_002_doubled_root_signature", P + "attack_71_pol_002_edited_policy", P + "attack_71_pol_002_one_root_holder_lowers_the_threshold", C + "attack_71_each_signature_of_the_chain_is_needed", W + "a_change_cannot_bring_its_own_root_key", G + "2000_envelopes_of_the_policy_changed_without_a_root_key")),
    Attack(72, "Expired policy", "Goes on with a policy that nobody renews.", "`expires`.", POLICY, ("POL-003",), (P + "attack_72_pol_003_expired_policy",)),
    Attack(73, "One key under two names", "Makes one key count as two.", "Public keys and identities are compared.", "attest/trust/soundness.py", ("POL-004",), (P + "attack_73_pol_004_same_key_under_two_names", P + "attack_73_pol_004_same_identity_under_two_names", P + "attack_73_pol_004_one_key_for_two_purposes")),
    Attack(74, "Ghosts", "Names a key or role that can be given to anybody later.", "Everything that is named must be defined.", "attest/trust/soundness.py", ("POL-005",), (P + "attack_74_pol_005_ghosts", P + "attack_74_pol_005_ghosts_cover_identities_and_acts")),
    Attack(75, "Evidence that nobody can sign", "Has a rule that can never be met, so that it is waived by habit.", "Rules must be satisfiable.", "attest/trust/soundness.py", ("POL-006",), (P + "attack_75_pol_006_kind_of_evidence_that_nobody_can_sign", P + "attack_75_pol_006_separate_roles_with_one_person", P + "attack_75_pol_006_acts_that_nobody_can_sign")),
    # Log
    Attack(76, "Other log", "Shows the log of another case, or none.", "The policy names the log.", JUDGE, ("LOG-001",), (L + "attack_076_other_log", A + "attack_076_other_log", A + "attack_076_the_log_removed")),
    Attack(77, "Wrong key", "Signs a checkpoint of its own.", "The policy pins the log's key, and witnesses.", JUDGE, ("LOG-002",), (L + "attack_077_wrong_key", L + "attack_077_too_few_witnesses", A + "attack_077_wrong_key")),
    Attack(78, "Entry edited", "Changes a line of the log.", "The Merkle root is signed.", JUDGE, ("LOG-003",), (L + "attack_078_entry_edited", A + "attack_078_entry_edited", G + "3000_logs_changed_without_the_key_of_the_log")),
    Attack(79, "Log cut short", "Removes the last lines.", "The checkpoint states the size.", JUDGE, ("LOG-004",), (L + "attack_079_truncated", A + "attack_079_truncated")),
    Attack(80, "History written anew", "Writes the log anew with the real key.", "Checkpoints seen earlier, from the base revision, an argument or a release, must be continued.", JUDGE, ("LOG-005",), (L + "attack_080_history_rewritten_with_the_real_key", A + "attack_080_history_rewritten_with_the_real_key")),
    Attack(81, "Unlogged evidence", "Adds a record that can go again without a trace.", "Everything sealed must be logged.", JUDGE, ("LOG-006",), (L + "attack_081_unlogged_evidence", A + "attack_081_unlogged_evidence", A + "attack_081_unlogged_node")),
    Attack(82, "Failure deleted", "Deletes a failed record, or a hazard with all that names it.", "Everything logged must be there, or be retired by a sealed review.", JUDGE, ("LOG-007", "LOG-008"), (L + "attack_082_failed_evidence_deleted", A + "attack_082_failed_evidence_deleted", A + "a_hazard_removed_with_all_that_names_it", W + "a_deleted_record_is_missed")),
    # Model files
    Attack(83, "Loose serialisation", "Signs a model in a form that leaves file names or links open.", "One form of the signed statement is accepted: files, SHA-256, no links, nothing ignored.", SIGNATURE, ("ART-001",), (D + "attack_83_another_serialization_is_refused", M + "a_genuine_signature_of_a_loose_statement_is_refused")),
    Attack(84, "Ignored weights", "Has the weights in the signed list of files to ignore, and exchanges them.", "A signature that ignores anything but itself and git's folders is refused.", SIGNATURE, ("ART-002",), (D + "attack_84_weights_that_the_signature_ignores_are_refused",)),
    Attack(85, "Payload in `.git/`", "Keeps weights where the signer's tool does not look.", "Weights in a folder of git are refused, and nothing else there is ever read.", SIGNATURE, ("ART-003",), (D + "attack_85_weights_in_a_folder_of_git_are_refused", D + "attack_85_what_else_lies_in_a_folder_of_git_is_never_seen")),
    Attack(86, "File exchanged, added, missing", "Exchanges, adds or drops a file of a signed model.", "The signed files are exactly the model's own, each by its digest.", SIGNATURE, ("ART-004", "ART-007"), (D + "attack_86_swapped_files_are_refused", D + "attack_86_a_file_that_the_signature_lacks_is_refused", D + "attack_86_a_signed_file_that_is_no_part_of_the_model_is_refused", D + "attack_86_a_missing_file_is_refused", M + "an_altered_model_is_refused")),
    Attack(87, "Renamed model", "Gives the weights of one precision the other's name.", "The digest binds names; the signature check fails, and with it the evidence.", SIGNATURE, ("EVD-002",), (D + "attack_87_a_renamed_file_is_refused", D + "attack_87_equal_files_under_exchanged_names_have_another_closure_digest", M + "equal_bytes_under_another_name_are_refused")),
    Attack(88, "Links in the model folder", "Points a model file elsewhere.", "No link is followed, and no signature that allows them counts.", "artifact/onnx_external.py", ("ART-008", "MDL-001"), (D + "attack_88_a_signature_that_allows_links_is_refused", D + "attack_88_links_and_special_files_are_not_read", R + "attack_67_links_outside_the_evidence_are_not_followed")),
    Attack(89, "External data outside the folder", "Lets a model read any file of the machine.", "External data is read by Casework itself, from plain files below the model's folder.", "artifact/onnx_external.py", ("ART-010",), (D + "attack_89_weights_outside_the_folder_are_refused", D + "attack_89_bytes_outside_the_file_are_refused", U + "attack_89_a_model_cannot_name_files_outside_its_folder", U + "attack_89_a_card_cannot_pin_files_outside_the_case", U + "attack_89_linked_weights_are_neither_judged_nor_run")),
    Attack(90, "External weights not in the digest", "Exchanges weights that the model's digest does not cover.", "The model card pins every such file; unpinned or changed ones are not run, and evidence is bound to all of them.", ONNX, ("ART-011", "MDL-002", "EVD-003"), (D + "attack_90_weights_that_no_digest_covers_are_refused", D + "attack_90_weights_hidden_in_attributes_functions_and_sparse_tensors_are_found", N + "external_weights_are_reported_and_refused", U + "attack_90_flipped_weights_are_found_and_make_their_evidence_stale", U + "attack_90_exchanged_weights_with_their_card_are_stale_and_not_signed", U + "attack_90_the_parents_flipped_weights_make_the_comparison_stale", U + "attack_90_weights_that_are_not_as_pinned_are_never_run", U + "attack_90_weights_that_the_card_does_not_pin_are_never_run", U + "attack_90_exchanged_names_of_equal_files_make_stale")),
    Attack(91, "Unknown operator domain", "Has a library with code of its own loaded.", "Allow-listed domains; no operator library is ever loaded.", ONNX, ("ART-012",), (D + "attack_91_operators_of_unknown_domains_are_refused", D + "attack_91_a_function_cannot_hide_an_operator_of_the_runtime", D + "attack_91_no_code_loads_operator_libraries", N + "an_operator_hidden_in_a_subgraph_is_found")),
    Attack(92, "Pickle", "Delivers a model that runs code when it is loaded.", "Told by its opcodes and refused; nothing is unpickled.", "artifact/pickles.py", ("ART-013",), (D + "attack_92_pickles_are_refused_wherever_they_are", D + "attack_92_the_archive_of_pytorch_is_refused", X + "attack_104_no_template_is_taken_from_the_case")),
    # Sigstore
    Attack(93, "Poisoned trust cache", "Plants a trusted root in the user's cache.", "The policy pins the root by digest; no cache and no network is asked.", BUNDLE, ("SIG-011",), (S + "trap_1_attack_93_a_poisoned_cache_of_the_user_is_never_read", S + "attack_93_a_root_that_the_policy_does_not_pin_is_refused")),
    Attack(94, "Issuer missing", "Has another issuer vouch for our name.", "An identity names its issuer; a machine's also repository, ref and trigger.", "attest/trust/soundness.py", ("POL-007", "SIG-015"), (P + "attack_94_an_identity_without_issuer_has_no_form", P + "attack_94_pol_007_a_machines_identity_names_repository_ref_and_trigger", S + "attack_94_an_identity_without_issuer_or_name_is_no_policy", S + "trap_2_the_same_name_from_another_issuer_is_somebody_else")),
    Attack(95, "Reusable workflow from a fork", "Calls our workflow from a fork, which gives our name.", "The repository's numeric id is compared.", "attest/sigstore/identity.py", ("SIG-012",), (S + "trap_3_attack_95_a_reusable_workflow_called_from_a_fork_is_refused", S + "attack_95_a_certificate_that_names_no_repository_is_refused")),
    Attack(96, "Pull-request run", "Signs in a run of unreviewed code.", "Ref and trigger are compared.", "attest/sigstore/identity.py", ("SIG-013",), (S + "trap_4_attack_96_a_run_for_a_pull_request_or_another_ref_is_refused",)),
    Attack(97, "Wrong predicate or subject", "Uses a genuine bundle over something else.", "The same checks as for every carrier.", VERIFY, ("BND-000", "BND-007"), (S + "trap_5_attack_97_a_wrong_predicate_or_subject_is_refused", G + "2000_bundles_of_sigstore_changed_without_an_identity")),
    # Environment
    Attack(98, "Options of git", "Gives `--output=F` as a revision.", "`rev-parse --verify --end-of-options`, then hashes only; a wrong revision ends with exit code 2.", HISTORY, (), (V + "attack_98_a_revision_is_never_an_option",)),
    Attack(99, "Hostile repository", "Has programs run by configuration, hooks, filters or attributes.", "A fixed environment and settings; objects are read, nothing is checked out.", HISTORY, (), (V + "attack_99_no_program_of_the_repository_runs", V + "attack_99_a_git_folder_of_another_kind", "issues/test_adversary_commands.py::test_a_partial_clone_runs_no_command_of_the_repository", "issues/test_adversary_commands.py::test_a_report_runs_no_filter_of_the_repository")),
    Attack(100, "Replace refs", "Replaces a failed record by a good one inside git.", "Replace refs are switched off.", HISTORY, (), (V + "attack_100_replaced_objects_have_no_say", V + "attack_100_a_replaced_commit_has_no_say")),
    Attack(101, "Line ends", "Has attributes change the bytes of evidence on checkout.", "New cases mark evidence `-text`; other bytes have other digests.", "templates", ("DAT-002", "PRS-008"), (V + "attack_101_a_checkout_with_other_line_ends_is_judged_alike_or_blocked", V + "attack_101_evidence_with_other_line_ends_is_refused", V + "attack_101_new_cases_keep_evidence_as_it_is")),
    Attack(102, "Archive bombs, slips, twins", "Writes outside the folder, exhausts the machine, or shows other members to other readers.", "Every byte of the archive is accounted for; sizes are counted; nothing is written to disk.", "artifact/archive.py", ("ART-014", "ART-016"), (Z + "attack_102_a_bomb_is_refused_before_it_bursts", Z + "attack_102_slips_and_special_names_are_refused", Z + "attack_102_a_doubled_member_is_refused", Z + "attack_102_twin_names_are_refused", Z + "attack_102_links_and_special_files_are_refused", Z + "attack_102_overlapping_members_are_refused", Q + "attack_102_any_change_of_the_content_is_refused", Q + "attack_102_a_manifest_written_anew_is_not_what_was_sealed", G + "3000_archives_with_changed_bytes")),
    Attack(103, "Injection into reports", "Writes markup, formulas, commands or escape sequences into a title, id, reason or metric.", "Each form has an escaper of its own; words stay words.", "render", (), (X + "attack_103_html", X + "attack_103_svg", X + "attack_103_dot", X + "attack_103_markdown", X + "attack_103_sarif_and_json", X + "attack_103_junit", X + "attack_103_workflow_commands", X + "attack_103_spreadsheets_hold_no_formula", X + "attack_103_pdf_report_shows_the_words_and_runs_none", X + "attack_103_terminals_get_no_control_characters", X + "attack_103_no_colour_comes_from_the_case")),
    Attack(104, "Template code", "Writes template code into a text.", "Templates are files of the package; texts are values.", "render/report/html.py", (), (X + "attack_104_no_template_is_taken_from_the_case", X + "attack_103_html", X + "attack_103_pdf_report_shows_the_words_and_runs_none")),
    Attack(105, "Slow regular expressions", "Gives an expression, or a text, on which matching never ends.", "No expression is taken from a case; those of the program are tried on long texts.", "artifact/yaml_reader.py", (), (V + "attack_105_no_regular_expression_comes_from_a_case", V + "attack_105_no_pattern_takes_long_on_long_texts", V + "attack_105_a_case_of_long_texts_is_judged_in_time")),
    Attack(106, "External entities in XML", "Has a reader of XML fetch files or expand entities.", "No XML is read.", "exchange", (), (V + "attack_106_no_reader_of_xml_exists", V + "attack_106_xml_in_a_case_is_not_opened")),
)  # fmt: skip
