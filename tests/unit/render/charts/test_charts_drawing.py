"""Charts: each mark stands for a figure of the record, what is not known is not drawn as known, and text stays text."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.model.result import Metric, ResultRecord, Table
from casework.render.charts import Campaign, TableProblem, comparison, figures, is_campaign, read, svg
from casework.render.charts import colour as colours
from casework.render.charts.axis import axis
from casework.render.charts.figure import Figure
from casework.render.charts.formats import fields_of, guessed, width_of
from casework.render.charts.hardening import change, least_ratio
from casework.render.charts.heat import heat_maps, ranges
from casework.render.charts.layers import layer_bars
from casework.render.charts.measures import measures
from casework.render.charts.rows import MOST, rows_of
from casework.render.charts.tables import Rate
from casework.render.charts.words import between, in_percent, labels, share, shortened
from casework.render.fonts import advance
from casework.render.gsn import to_png
from doubles.injection_records import LENET, others, record, wide_network, wilson

NS = "{http://www.w3.org/2000/svg}"
HOSTILE = '</title><script>alert(1)</script> "quoted" & url(#hatch) id="x" \x1b[2J\u202e'


def drawn(figure: Figure) -> ET.Element:
    return ET.fromstring(svg(figure))


def tips(figure: Figure) -> list[str]:
    """What a pointer is told, of each mark; title and description of the whole are left out."""
    root = drawn(figure)
    return [e.text or "" for e in root.iter(f"{NS}title")][1:]


def named(found: tuple[Figure, ...], name: str) -> Figure:
    return next(f for f in found if f.name == name)


def table(made: ResultRecord, name: str) -> Table:
    return next(t for t in made.tables if t.name == name)


def with_table(made: ResultRecord, changed: Table) -> ResultRecord:
    return made.model_copy(update={"tables": tuple(changed if t.name == changed.name else t for t in made.tables)})


def with_rows(made: ResultRecord, *rows: tuple[Any, ...]) -> ResultRecord:
    """A record with further rows of `rates by tensor`."""
    held = table(made, "rates by tensor")
    return with_table(made, held.model_copy(update={"rows": (*held.rows, *rows)}))


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return read(record(), "EV-FI")


@pytest.fixture(scope="module")
def gallery(campaign: Campaign) -> tuple[Figure, ...]:
    return figures(campaign)


class TestAll:
    def test_there_is_a_figure_of_each_kind(self, gallery: tuple[Figure, ...]) -> None:
        assert [f.name for f in gallery] == ["heat-map", "layers", "bits", "amounts", "classes"]
        assert all(f.body and f.caption and f.alt and f.rows for f in gallery)

    def test_the_same_record_gives_the_same_bytes(self, gallery: tuple[Figure, ...]) -> None:
        again = figures(read(record(), "EV-FI"))
        assert [svg(f) for f in again] == [svg(f) for f in gallery]
        assert to_png(svg(again[0]), 1.0) == to_png(svg(gallery[0]), 1.0)

    def test_each_tells_a_screen_reader_what_it_is(self, gallery: tuple[Figure, ...]) -> None:
        for figure in gallery:
            root = drawn(figure)
            assert root.get("role") == "img"
            said = {e.get("id"): e.text for e in root if e.tag in (f"{NS}title", f"{NS}desc")}
            assert [said[name] for name in (root.get("aria-labelledby") or "").split()] == [figure.title, figure.alt]

    def test_captions_tell_sample_and_method(self, gallery: tuple[Figure, ...]) -> None:
        for figure in gallery:
            assert re.search(r"[0-9,]+ (injected )?predictions", figure.caption), figure.name
            said = "(Wilson; Clopper-Pearson where nothing or everything happened)"
            assert said in figure.caption or figure.name == "heat-map"

    def test_nothing_is_drawn_outside_of_the_picture(self, gallery: tuple[Figure, ...]) -> None:
        for figure in gallery:
            for e in ET.fromstring(svg(figure, captioned=False)).iter():
                for name, size in (("x", 720.0), ("cx", 720.0), ("y", figure.height + 1)):
                    assert -10 <= float(e.get(name) or 0) <= size, (figure.name, e.tag, e.attrib)

    def test_text_of_a_record_stays_text(self) -> None:
        made = record(layers=[(HOSTILE, *LENET[0][1:]), *LENET[1:]])
        rows = tuple((HOSTILE, *row[1:]) for row in table(made, "rates by class").rows)
        made = with_table(made, table(made, "rates by class").model_copy(update={"rows": rows}))
        for figure in figures(read(made, HOSTILE)):
            root = drawn(figure)
            assert not [e for e in root.iter() if e.tag.removeprefix(NS) in ("script", "a", "style", "image")]
            assert not [name for e in root.iter() for name in e.attrib if name.startswith("on") or "href" in name]
        shown = " ".join(tips(figures(read(made, "x"))[0]))
        assert "alert(1)" in shown
        assert 'url(#hatch) id="x"' in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown

    def test_long_titles_stay_inside(self, gallery: tuple[Figure, ...]) -> None:
        long = replace(gallery[2], title="title " * 40)
        shown = next(e for e in drawn(long).iter(f"{NS}text"))
        assert float(shown.get("x") or 0) + float(shown.get("textLength") or 0) <= 720

    def test_ids_are_the_figures_own(self, gallery: tuple[Figure, ...]) -> None:
        one, two = (set(re.findall(r' id="([^"]+)"', svg(gallery[0], prefix=p))) for p in ("a", "b"))
        assert one
        assert not one & two
        assert set(re.findall(r"url\(#([^)]+)\)", svg(gallery[0], prefix="a"))) <= one

    def test_what_the_record_lacks_is_said_in_a_sentence(self) -> None:
        bare = record(more=())
        bare = bare.model_copy(update={"tables": tuple(t for t in bare.tables if t.name == "rates by tensor")})
        found = figures(read(bare, "x"))
        assert [f.name for f in found if f.body] == ["layers"]  # its rows need no other table
        for figure in found:
            assert figure.body or re.fullmatch(r"The record holds no .*\.", figure.caption)

    def test_empty_tables_give_sentences_too(self) -> None:
        full = record()
        empty = full.model_copy(update={"tables": tuple(t.model_copy(update={"rows": ()}) for t in full.tables)})
        assert is_campaign(empty)
        assert not [f.name for f in figures(read(empty, "x")) if f.body]


class TestHeatMap:
    def test_each_cell_tells_its_rate_and_sample(self, gallery: tuple[Figure, ...]) -> None:
        said = tips(named(gallery, "heat-map"))
        assert "fc1.weight, bit 30 (exponent): SDC 17.7 % (3,540 of 20,000), DUE 72" in said
        assert "fc1.weight, bit 3 (mantissa): SDC 0 % (0 of 20,000)" in said
        assert sum(text.startswith("fc1.weight, bit ") for text in said) == 32

    def test_what_was_not_sampled_is_hatched_and_never_white(self, gallery: tuple[Figure, ...]) -> None:
        figure = named(gallery, "heat-map")
        hatched = {
            (e.find(f"{NS}title").text or "")  # type: ignore[union-attr]
            for e in drawn(figure).iter(f"{NS}rect")
            if (e.get("fill") or "").startswith("url(#") and e.find(f"{NS}title") is not None
        }
        assert {t for t in hatched if t.startswith("fc1.bias")} == {"fc1.bias, bits 7 to 0: not sampled"}
        assert len(hatched) == 5  # one of each bias

    def test_no_sdc_is_white_and_more_is_darker(self, campaign: Campaign) -> None:
        figure = heat_maps(campaign, "linear")[0]
        fills = {
            (e.find(f"{NS}title").text or "").split(":")[0]: e.get("fill")  # type: ignore[union-attr]
            for e in drawn(figure).iter(f"{NS}rect")
            if e.find(f"{NS}title") is not None
        }
        assert fills["conv1.weight, bit 3 (mantissa)"] == colours.PAPER
        scale = [colours.scale(step / 47) for step in range(48)]
        low, high = (scale.index(str(fills[f"fc1.weight, bit {b} (exponent)"])) for b in (29, 30))
        assert low < high

    def test_few_predictions_are_drawn_small_upon_the_hatching(self) -> None:
        figure = heat_maps(read(record(each=5, ease=1.0), "x"))[0]
        cells = [e for e in drawn(figure).iter(f"{NS}rect") if "fc1.weight, bit 30" in "".join(e.itertext())]
        assert len(cells) == 2
        under, over = sorted(cells, key=lambda e: -float(e.get("width") or 0))
        assert float(over.get("width") or 0) < float(under.get("width") or 0)

    def test_rows_stand_in_the_order_of_the_graph(self) -> None:
        made = record()
        mixed = table(made, "rates by tensor")
        turned = with_table(made, mixed.model_copy(update={"rows": mixed.rows[::-1]}))
        depths = [layer.depth for layer in read(turned, "x").layers]
        assert depths == sorted(depths)

    def test_a_logarithmic_scale_on_demand_and_where_rates_differ_widely(self, campaign: Campaign) -> None:
        assert "logarithmic" in heat_maps(campaign)[0].caption
        assert "linear" in heat_maps(campaign, "linear")[0].caption
        assert "logarithmic" in heat_maps(campaign, "log")[0].caption
        none = heat_maps(read(record(ease=0.0), "x"), "log")[0]
        assert "linear" in none.caption
        assert "No cell shows SDC" in none.alt

    def test_two_hundred_tensors_take_several_figures_and_keep_their_names_apart(self) -> None:
        found = heat_maps(read(record(each=200, layers=wide_network(200)), "x"))
        assert [f.name for f in found] == [f"heat-map-{n}" for n in (1, 2, 3, 4)]
        assert sum(len(f.rows) for f in found) == 200
        names = [t for f in found for t in re.findall(r"textLength[^>]*>((?:\d+ )?sta\d[^<]*)</text>", svg(f))]
        assert len(names) == len(set(names)) == 200
        assert "model/backbone/stage9/block4/residual_unit_199/convolution_3/bias" in " ".join(tips(found[-1]))

    def test_more_tensors_share_rows_and_lose_no_prediction(self) -> None:
        campaign = read(record(each=40, layers=wide_network(450)), "x")
        found = rows_of(campaign)
        layers, cells = found.layers, found.cells
        assert len(layers) <= MOST
        assert sum(layer.predictions for layer in layers) == sum(layer.predictions for layer in campaign.layers)
        total = sum(c.sdc for by in campaign.cells.values() for c in by.values())
        assert sum(c.sdc for by in cells.values() for c in by.values()) == total
        assert sum(layer.merged for layer in layers) == 450
        assert {layer.kind for layer in layers} == {"weight", "bias"}
        assert "share a row" in heat_maps(campaign)[0].caption

    def test_wide_elements_have_all_their_bits(self) -> None:
        made = record()
        cells = table(made, "sdc by tensor and bit")
        more = (*cells.rows, ("fc3.bias", 63, 100, 1, 0))
        figure = heat_maps(read(with_table(made, cells.model_copy(update={"rows": more})), "x"))[0]
        assert "fc3.bias, bit 63 (value): SDC 1.00 % (1 of 100)" in tips(figure)

    @pytest.mark.parametrize(
        ("dtype", "expected"),
        [
            ("float32", [("sign", 31, 31), ("exponent", 30, 23), ("mantissa", 22, 0)]),
            ("float16", [("sign", 15, 15), ("exponent", 14, 10), ("mantissa", 9, 0)]),
            ("bfloat16", [("sign", 15, 15), ("exponent", 14, 7), ("mantissa", 6, 0)]),
            ("float64", [("sign", 63, 63), ("exponent", 62, 52), ("mantissa", 51, 0)]),
            ("int8", [("sign", 7, 7), ("value", 6, 0)]),
            ("uint8", [("value", 7, 0)]),
            ("string", []),
        ],
    )
    def test_fields_of_types(self, dtype: str, expected: list[tuple[str, int, int]]) -> None:
        assert [(f.name, f.high, f.low) for f in fields_of(dtype)] == expected
        assert width_of(dtype) == (expected[0][1] + 1 if expected else 0)

    @pytest.mark.parametrize(
        ("kind", "operator", "own", "flips", "others", "expected"),
        [
            ("weight", "Conv", [3, 7], 30, [3, 7, 30], "8 bit"),
            ("weight", "Conv", [3, 7], 5, [3, 7, 30], "float32"),
            ("weight", "Conv", [15], 80, [15], "16 bit"),
            ("activation", "Relu", [], 0, [], ""),
            ("activation", "Relu", [63], 3, [63], "64 bit"),
            ("weight", "QLinearConv", [1], 1, [30], "8 bit"),
            ("bias", "QLinearConv", [1], 1, [30], "int32"),
            ("scale", "DequantizeLinear", [1], 1, [1], "float32"),
            ("zero_point", "DequantizeLinear", [24], 1, [24], "int32"),
            ("activation", "DequantizeLinear", [1], 1, [30], "float32"),
            ("activation", "QuantizeLinear", [1], 1, [30], "8 bit"),
        ],
    )
    def test_types_that_are_not_named_are_told_from_operators_and_bits(
        self, kind: str, operator: str, own: list[int], flips: int, others: list[int], expected: str
    ) -> None:
        assert guessed(kind, operator, own, flips, others) == expected

    def test_types_are_taken_from_the_record_or_told_from_the_bits(self) -> None:
        assert {layer.dtype for layer in read(record(), "x").layers} == {"float32"}
        named = table(record(), "rates by tensor")
        typed = named.model_copy(
            update={"columns": (*named.columns, "dtype"), "rows": tuple((*row, "int32") for row in named.rows)}
        )
        found = read(with_table(record(), typed), "x")
        assert {layer.dtype for layer in found.layers} == {"int32"}
        assert not found.guessed

    def test_where_high_bits_were_not_chosen_no_type_is_claimed(self) -> None:
        made = record()
        cells = table(made, "sdc by tensor and bit")
        low = cells.model_copy(update={"rows": tuple(row for row in cells.rows if int(row[1]) < 8)})  # type: ignore[arg-type]
        made = with_table(made, low).model_copy(update={"options": {**made.options, "bits": "0-7"}})
        assert {layer.dtype for layer in read(made, "x").layers} == {""}

    def test_counts_of_one_name_are_added_and_counts_alone_are_enough(self) -> None:
        made = record(more=())
        cells = table(made, "sdc by tensor and bit")
        twice = with_table(made, cells.model_copy(update={"rows": (*cells.rows, ("fc3.bias", 30, 20_000, 0, 0))}))
        assert read(twice, "x").cells["fc3.bias"][30].predictions == 40_000
        alone = made.model_copy(update={"tables": (cells,)})
        figure = heat_maps(read(alone, "x"))[0]
        assert len(figure.rows) == len(LENET)
        assert "fc1.weight, bit 30 (exponent): SDC 17.7 % (3,540 of 20,000), DUE 72" in tips(figure)

    def test_ranges(self) -> None:
        assert ranges({31, 3, 2, 1, 0, 7}) == "31, 7, 3-0"


class TestBars:
    def test_bars_are_as_long_as_their_shares(self, gallery: tuple[Figure, ...]) -> None:
        found = {}
        for e in drawn(named(gallery, "layers")).iter(f"{NS}rect"):
            title = e.find(f"{NS}title")
            hit = re.fullmatch(r"(\S+): (SDC|DUE) (\S+) %.*", title.text or "") if title is not None else None
            if hit:
                found[hit[1], hit[2]] = (float(e.get("width") or 0), float(hit[3]))
        assert len(found) == 24
        ratios = [width / percent for width, percent in found.values()]
        assert max(ratios) / min(ratios) < 1.01

    def test_due_is_weighted_where_the_rate_of_sdc_is(self) -> None:
        made = record(each=1000)
        rows = table(made, "rates by tensor")
        at = rows.columns.index("sdc_rate")
        light = rows.model_copy(
            update={"rows": tuple((*r[:at], 0.001, 0.0005, 0.002, *r[at + 3 :]) for r in rows.rows)}
        )
        figure = layer_bars(read(with_table(made, light), "x"))[0]
        due = next(t for t in tips(figure) if t.startswith("conv1.weight: DUE"))
        # 5 of 1,000 predictions in bit 30 and none in 31 other bits: the mean over bits.
        assert due.startswith(f"conv1.weight: DUE {share(5 / 1000 / 32)}")

    def test_few_predictions_set_no_axis(self) -> None:
        made = record()
        rows = table(made, "rates by tensor")
        one = ("rare.scale", "scale", "QLinearConv", 12, 1, 1, 1, 1, 0, 0, 0, 1.0, 0.025, 1.0, "promoted")
        figure = layer_bars(read(with_table(made, rows.model_copy(update={"rows": (*rows.rows, one)})), "x"))[0]
        assert "fewer than 20 faults (1 tensor)" in figure.caption
        assert "100 %" not in re.findall(r">([0-9.]+ %)</text>", svg(figure))

    def test_many_inputs_under_few_faults_are_few(self) -> None:
        few = ("few", "bias", "Conv", 12, 8, 2, 2000, 1000, 0, 0, 0, 0.5, 0.01, 0.99, "channel")
        figure = layer_bars(read(with_rows(record(), few), "x"))[0]
        assert "fewer than 20 faults (1 tensor)" in figure.caption
        bar = next(e for e in drawn(figure).iter(f"{NS}rect") if "few: SDC 50.0 %" in "".join(e.itertext()))
        assert bar.get("fill-opacity") == "0.35"

    def test_exact_shares_have_no_interval(self) -> None:
        made = record()
        rates = table(made, "rates by tensor")
        exact = tuple((*row[:11], row[11], row[11], row[11], *row[14:]) for row in rates.rows)
        figure = layer_bars(read(with_table(made, rates.model_copy(update={"rows": exact})), "x"))[0]
        assert {row[10] for row in figure.rows} == {"–"}
        assert "interval of SDC" not in svg(figure)
        sure = [m.model_copy(update={"method": "exact"}) if m.name == "sdc_rate" else m for m in made.metrics]
        told = layer_bars(read(with_table(record(metrics=tuple(sure)), rates), "x"))[0].caption
        assert "Exact shares: every fault of the plan was put in; they need no intervals." in told
        assert "Whiskers" not in told
        assert not re.findall(r">[0-9.]+ +\[", svg(figure))

    def test_what_guards_detect_does_not_flatten_the_rest(self) -> None:
        made = record()
        rows = table(made, "rates by tensor")
        alarm = ("alarm", "output", "IsNaN", 13, 1, 900, 900, 0, 0, 900, 0, 0.0, 0.0, 0.004, "suffix")
        figure = layer_bars(read(with_table(made, rows.model_copy(update={"rows": (*rows.rows, alarm)})), "x"))[0]
        assert "alarm: detected 100 % (900 of 900 predictions)" in tips(figure)
        assert re.findall(r">([0-9.]+ %)</text>", svg(figure))[-1] == "2 %"
        assert "beyond the axis" in figure.caption

    def test_of_many_classes_the_worst_are_drawn_and_all_are_listed(self) -> None:
        rows = tuple((f"class {i}", 1000, i, 0, i / 1000, i / 2000, i / 900) for i in range(100))
        made = record()
        made = with_table(made, table(made, "rates by class").model_copy(update={"rows": rows}))
        figure = named(figures(read(made, "x")), "classes")
        assert figure.caption.startswith("The 40 worst of 100 classes")
        assert len(figure.rows) == 100
        assert sum(t.startswith("class class ") for t in tips(figure)) == 40
        assert any("class class 60:" in t for t in tips(figure))
        assert not any("class class 59:" in t for t in tips(figure))


IDLE = ("idle", "weight", "Conv", 12, 64, 0, 0, 0, 0, 0, 0, None, None, None, "")
RARE = ("rare", "scale", "QLinearConv", 12, 1, 3, 3, 2, 0, 0, 1, 0.667, 0.2, 0.95, "promoted")
MISSED = "By chance no fault fell on 4 tensors, such as idle: nothing is known of each of them alone."


class TestTensorsWithFewFaultsOrNone:
    def test_one_that_no_fault_hit_has_a_hatched_row_in_both_figures(self) -> None:
        campaign = read(with_rows(record(), IDLE), "x")
        bars, heat = layer_bars(campaign)[0], heat_maps(campaign)[0]
        assert ">no fault fell here<" in svg(bars)
        assert "idle: no fault fell here, nothing is known" in tips(bars)
        assert "idle, all bits: no fault fell here" in tips(heat)
        for figure in (bars, heat):
            hatched = [e for e in drawn(figure).iter(f"{NS}rect") if "idle" in "".join(e.itertext())]
            assert [e.get("fill") for e in hatched] == [colours.PAPER, "url(#figure-hatch)"]
            assert [row[0] for row in figure.rows][-1] == "idle"
        assert heat.rows[-1][3] == "no fault fell here"

    def test_those_that_a_record_counts_and_does_not_name_are_counted(self) -> None:
        said = "3 further tensors, not named by the record: no fault fell here"
        campaign = read(with_rows(record(limitations=(MISSED,)), IDLE), "x")
        for figure in (*layer_bars(campaign), *heat_maps(campaign)):
            assert said in svg(figure), "four were missed, and one of them has a row"
        assert "further" not in svg(layer_bars(read(with_rows(record(), IDLE), "x"))[0])

    def test_those_of_few_faults_are_folded_into_one_line_with_their_counts(self) -> None:
        campaign = read(with_rows(record(), IDLE, RARE), "x")
        found = rows_of(campaign, 20)
        assert [layer.tensor for layer in found.layers] == [name for name, *_ in LENET]
        assert found.notes == (
            "1 further tensor with fewer than 20 faults each: 3 faults, SDC in 2 of 3 predictions, most in rare (2 of 3).",
            "1 further tensor: no fault fell here; nothing is known of each of them alone.",
        )
        for figure in (layer_bars(campaign, least=20)[-1], heat_maps(campaign, least=20)[-1]):
            assert all(note in figure.alt for note in found.notes)
            assert "rare" not in [row[0] for row in figure.rows]

    def test_where_all_are_of_few_faults_what_is_left_is_all_of_them_by_bit(self) -> None:
        campaign = read(record(each=1), "x")
        (heat,) = heat_maps(campaign, least=100)
        (bars,) = layer_bars(campaign, least=100)
        assert "all tensors, bit 30 (exponent): SDC" in " ".join(tips(heat))
        assert heat.rows == ()
        assert not bars.body
        assert bars.caption.startswith("No tensor was hit by as many as 100 faults")
        assert "12 further tensors with fewer than 100 faults each" in bars.caption

    def test_a_record_of_tensors_without_any_fault_sets_no_axis_and_does_not_break(self) -> None:
        made = record(more=())
        only = with_table(made, table(made, "rates by tensor").model_copy(update={"rows": (IDLE,)}))
        alone = only.model_copy(update={"tables": only.tables[:1]})
        assert ">no fault fell here<" in svg(layer_bars(read(alone, "x"))[0])


class TestCurves:
    def test_bits_that_were_not_sampled_are_hatched_and_few_predictions_set_no_axis(self) -> None:
        made = record()
        bits = table(made, "rates by bit")
        kept = tuple(row for row in bits.rows if int(row[0]) not in (3, 30))  # type: ignore[arg-type]
        one = (30, 1, 0, 0, 0.0, 0.0, 0.975)
        changed = with_table(made, bits.model_copy(update={"rows": (*kept, one)}))
        figure = named(figures(read(changed, "x")), "bits")
        assert "bit 3: not sampled" in tips(figure)
        assert ">not sampled<" in svg(figure)
        assert "bit 30: SDC 0 % [0, 97.5] % (0 of 1 predictions)" in tips(figure)
        marks = re.findall(r">([0-9.e-]+)</text>", svg(figure))
        assert "100" not in marks

    def test_bits_without_sdc_are_hollow_with_their_upper_limit(self, gallery: tuple[Figure, ...]) -> None:
        figure = named(gallery, "bits")
        circles = [e for e in drawn(figure).iter(f"{NS}circle") if e.find(f"{NS}title") is not None]
        hollow = [e for e in circles if e.get("fill") == colours.PAPER]
        assert (len(circles), len(hollow)) == (32, 23)
        assert {e.get("cy") for e in hollow} == {hollow[0].get("cy")}
        assert max(float(e.get("cy") or 0) for e in circles) == float(hollow[0].get("cy") or 0)

    def test_the_curve_by_amount_needs_two_amounts(self) -> None:
        found = {t.name: t for t in others(1.0)}
        amounts = found["rates by number of faults"]
        one = read(with_table(record(), amounts.model_copy(update={"rows": amounts.rows[:1]})), "x")
        assert (
            named(figures(one), "amounts").caption
            == "The campaign had one number of faults only, so there is no curve over it."
        )

    def test_amounts_may_be_shares_and_stand_in_their_order(self) -> None:
        amounts = table(record(), "rates by number of faults")
        rows = tuple((a, 100, 10, 0, 0.1, 0.05, 0.2) for a in (90.0, 10.0, 0.5))
        figure = named(figures(read(with_table(record(), amounts.model_copy(update={"rows": rows})), "x")), "amounts")
        assert [row[0] for row in figure.rows] == ["0.5", "10", "90"]


class TestBeforeAndAfter:
    def test_the_factor_is_written_with_what_the_intervals_show(self, campaign: Campaign) -> None:
        figure = comparison(campaign, read(record(ease=0.02), "hard"))[0]
        row = next(r for r in figure.rows if r[0] == "silent corruption (SDC)")
        assert row[-1] == "÷ 50.5 (≥ 47.9)"
        assert "logarithmic" in figure.caption
        assert "Options and seed are the same." in figure.caption

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            (Rate(0.2, 0.19, 0.21), Rate(0.1, 0.09, 0.11), "÷ 2.00 (≥ 1.79)"),
            (Rate(0.1, 0.09, 0.11), Rate(0.2, 0.19, 0.21), "× 2.00 (≥ 1.79)"),
            (Rate(0.2, 0.1, 0.3), Rate(0.1, 0.05, 0.2), "÷ 2.00 (not shown)"),
            (Rate(0.2, 0.19, 0.21), Rate(0.0, 0.0, 0.001), "to 0 (≥ 199)"),
            (Rate(0.0, 0.0, 0.001), Rate(0.2, 0.19, 0.21), "from 0 (≥ 199)"),
            (Rate(0.1, 0.05, 0.2), Rate(0.1, 0.05, 0.2), "same"),
            (Rate(0.0, 0.0, 0.1), Rate(0.0, 0.0, 0.1), ""),
            (Rate(0.2, 0.2, 0.2), Rate(0.1, 0.1, 0.1), "÷ 2.00 (≥ 2.00)"),
        ],
    )
    def test_factors(self, before: Rate, after: Rate, said: str) -> None:
        assert change(before, after) == said

    def test_the_lower_limit_of_a_ratio_covers_it(self) -> None:
        """Samples of 400 at 12 % and 4 %, over and over: the limit lies above the true ratio in about 2.5 % of trials."""
        chance = random.Random(3)
        above = 0
        for _ in range(400):
            found = [sum(chance.random() < p for _ in range(400)) for p in (0.12, 0.04)]
            one, two = (Rate(k / 400, *wilson(k, 400)) for k in found)
            above += least_ratio(one, two) > 3
        assert above / 400 <= 0.05

    def test_options_that_differ_are_named(self, campaign: Campaign) -> None:
        other = record(seed=7, options={**campaign.record.options, "fault": "burst"})
        assert "The options differ: fault, seed." in comparison(campaign, read(other, "x"))[0].caption

    def test_labels_with_braces_are_no_formats(self, campaign: Campaign) -> None:
        found = comparison(replace(campaign, label="{0}{x}"), campaign)
        assert "Before: {0}{x}, n = " in found[0].caption

    def test_records_that_share_no_rate_give_a_sentence(self, campaign: Campaign) -> None:
        found = comparison(campaign, read(record(metrics=()), "x"))
        assert [f.body for f in found] == [""]

    def test_measures_of_a_hardening_run(self) -> None:
        columns = (
            "measure",
            "target",
            "sdc_before",
            "sdc_after",
            "due_before",
            "due_after",
            "detected_after",
            "clean_flips",
        )
        rows = (
            ("ranger", "relu1", 0.02, 0.0004, 0.001, 0.0, 0.0, 0),
            ("guard", "", 0.02, None, None, None, None, None),
        )
        made = read(record(more=(Table(name="hardening", columns=columns, rows=rows),)), "x")
        figure = measures(made)
        assert figure is not None
        assert figure.body
        assert [r[:2] for r in figure.rows] == [("ranger", "relu1"), ("guard", "")]
        assert "ranger on relu1: SDC 2.00 % before, 0.0400 % after" in figure.alt
        assert "without intervals" in figure.caption
        assert measures(read(record(), "x")) is None

    def test_the_same_faults_in_parent_and_child_have_their_intervals(self) -> None:
        columns = (
            "measure",
            "target",
            "sdc_before",
            "sdc_after",
            "due_before",
            "due_after",
            "detected_after",
            "clean_flips",
        )
        made = record(
            more=(Table(name="hardening", columns=columns, rows=(("range", "stored", 0.4, 0.01, 0.0, 0.0, 0.0, 1),)),)
        )
        rates = [
            Metric(name=name, value=k / n, unit="ratio", n=n, k=k, ci_low=wilson(k, n)[0], ci_high=wilson(k, n)[1], confidence=0.95, method="wilson")
            for name, k, n in (("parent_sdc_rate", 400, 1000), ("sdc_prevented_rate", 390, 400), ("sdc_added_rate", 0, 600))
        ]  # fmt: skip
        figure = measures(read(made.model_copy(update={"metrics": (*made.metrics, *rates)}), "x"))
        assert figure is not None
        assert any(
            t.startswith("silent corruption (SDC), before: 40.0 % [37.0, 43.1] % 400 of 1,000") for t in tips(figure)
        )
        assert "97.5 % [95.4, 98.7] % of the faults that corrupt the parent do so no more." in figure.caption
        assert "0 % [0, 0.637] % of the others corrupt this model alone." in figure.caption
        assert figure.rows[0][-1] == "1"


class TestReading:
    @pytest.mark.parametrize(
        ("name", "column", "value", "message"),
        [
            ("rates by tensor", "sdc", -1, "the table `rates by tensor`, row 1: `sdc` is -1, not a count"),
            ("rates by tensor", "sdc_rate", 1.5, "`sdc_rate` is 1.5, not a share from 0 to 1"),
            ("rates by bit", "bit", "top", "`bit` is 'top', not a count"),
            ("sdc by tensor and bit", "bit", 64, "`bit` is 64, not a bit from 0 to 63"),
            ("rates by class", "predictions", True, "`predictions` is True, not a count"),
            ("rates by number of faults", "amount", "ten", "`amount` is 'ten', not a number"),
        ],
    )
    def test_what_cannot_stand_there_is_named(self, name: str, column: str, value: Any, message: str) -> None:
        made = record()
        found = table(made, name)
        at = found.columns.index(column)
        first = (*found.rows[0][:at], value, *found.rows[0][at + 1 :])
        broken = with_table(made, found.model_copy(update={"rows": (first, *found.rows[1:])}))
        with pytest.raises(TableProblem, match=re.escape(message)):
            read(broken, "x")

    def test_a_missing_column_is_named(self) -> None:
        found = table(record(), "rates by class")
        less = found.model_copy(update={"columns": found.columns[:-1], "rows": tuple(r[:-1] for r in found.rows)})
        with pytest.raises(TableProblem, match="the table `rates by class` has no column `ci_high`"):
            read(with_table(record(), less), "x")

    def test_a_row_of_other_length_is_named(self) -> None:
        found = table(record(), "rates by class")
        odd = found.model_copy(update={"rows": (found.rows[0][:-1],)})
        with pytest.raises(TableProblem, match="row 1: 6 values for 7 columns"):
            read(with_table(record(), odd), "x")


class TestWords:
    @given(st.floats(min_value=1e-12, max_value=1 - 1e-12))
    def test_only_nothing_is_0_and_only_all_is_100_percent(self, value: float) -> None:
        text = in_percent(value)
        assert 0 < float(text) < 100
        assert float(text) / 100 == pytest.approx(value, rel=5.1e-3)

    @given(st.floats(min_value=1e-9, max_value=0.999), st.floats(min_value=1e-9, max_value=0.999))
    def test_intervals_are_rounded_outwards(self, one: float, two: float) -> None:
        low, high = sorted((one, two))
        found = re.fullmatch(r"\[(.*), (.*)\] %", between(Rate(low, low, high)))
        assert found
        assert float(found[1]) <= low * 100 * (1 + 1e-12)
        assert float(found[2]) >= high * 100 * (1 - 1e-12)

    def test_shares(self) -> None:
        assert [share(v) for v in (0.0, 1.0, 0.295, 0.0000235, 0.99999, 0.01, 1e-8)] == [
            "0 %", "100 %", "29.5 %", "0.00235 %", "99.999 %", "1.00 %", "1.00e-6 %",
        ]  # fmt: skip

    @given(st.text(min_size=1, max_size=80))
    def test_shortened_names_fit_and_keep_their_end(self, text: str) -> None:
        made = shortened(text, 90.0, 9.0)
        assert advance(made, 9.0) <= 90.0 or made == "…"

    def test_labels_differ_where_names_do(self) -> None:
        alike = [f"network/layer/{'deep' * 20}/{n}/{'x' * 40}" for n in range(30)]
        assert len(set(labels(alike, 100.0, 9.0))) == 30
        assert labels(["a", "b"], 100.0, 9.0) == ["a", "b"]


class TestScales:
    def test_lightness_of_the_colours_falls_evenly(self) -> None:
        """Lightness L* of CIE 1976 from the sRGB values themselves: order and distance survive without colour."""

        def lightness(text: str) -> float:
            parts = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
            linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
            return float(116 * (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]) ** (1 / 3) - 16)

        found = [lightness(colours.scale(step / (colours.STEPS - 1))) for step in range(colours.STEPS)]
        steps = [one - two for one, two in pairwise(found)]
        assert found[0] > 90
        assert found[-1] < 25
        assert min(steps) > 0.5
        assert max(steps) < 3.5

    @given(
        st.lists(st.floats(min_value=1e-9, max_value=1.0), min_size=1, max_size=20),
        st.sampled_from(["auto", "log", "linear"]),
    )
    def test_every_value_stands_on_its_axis_in_order(self, values: list[float], way: Any) -> None:
        line = axis(values, 0.0, 100.0, way=way)
        places = [line.at(v) for v in sorted(values)]
        assert places == sorted(places)
        assert line.low <= min(values) or not line.log
        assert line.high >= max(values) * (1 - 1e-9)
        ticks = line.ticks()
        assert ticks == sorted(set(ticks))
        assert all(0 - 1e-6 <= line.at(t) <= 100 + 1e-6 for t in ticks)
        assert 2 <= len(ticks) <= 12
