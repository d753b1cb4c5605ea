"""The form: what it shows, what it says, and that it says nothing unasked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QScrollArea, QStyle, QStyleOptionFrame

from engine.params import (
    LIVE,
    REFIT,
    STEP,
    Applies,
    Bound,
    Doc,
    ParameterError,
    check,
    parameters,
)
from tests.workbench.mouse import drag
from workbench import theme
from workbench.forms.entry import Entry
from workbench.forms.form import ParameterForm
from workbench.forms.slider import BOX_WIDTH, number_text

LEFT = Qt.MouseButton.LeftButton


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    time: Annotated[
        float | None,
        Bound(0.01, 1000, log=True, soft=(0.1, 100)),
        LIVE,
        Doc("How long.", symbol="t", unit="s", label="diffusion time"),
    ] = None
    zoom: Annotated[float, Bound(-2.0, 2.0), LIVE, Doc("How near.")] = 0.5
    kind: Annotated[Literal["a", "b", "c", "d"], LIVE, Doc("Which.")] = "a"
    side: Annotated[Literal["left", "right"], LIVE, Doc("Where.")] = "left"
    depth: Annotated[int, Bound(1, 9), LIVE, Doc("Deep."), Applies("kind", ("b",))] = 3
    deeper: Annotated[int, Bound(1, 9), LIVE, Doc("Deeper."), Applies("depth", (4, 5))] = 3
    rate: Annotated[float, Bound(1e-5, 1e-1, log=True), STEP, Doc("Rate.")] = 1e-3
    count: Annotated[int, Bound(2, 500), REFIT, Doc("How many.")] = 10
    flag: Annotated[bool, REFIT, Doc("Whether.")] = False
    weights: Annotated[tuple[float, ...], REFIT, Doc("Weights.")] = (1.0, 2.0)
    source: Annotated[Path, REFIT, Doc("File.")] = Path()
    title: Annotated[str, REFIT, Doc("Title.")] = "x"

    def __post_init__(self) -> None:
        check(self)
        if self.count == 13:
            raise ParameterError("count", "Thirteen is not possible here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    only: Annotated[float, Bound(0, 1), LIVE, Doc("One.")] = 0.5


class Listener:
    """Stands in for the document: hears both signals and shows the answer."""

    def __init__(self, form, start):
        self.form, self.now, self.heard = form, start, []
        form.changing.connect(self.changing)
        form.changed.connect(self.changed)

    def changing(self, params):
        self.heard.append(("changing", params))
        self.now = params
        self.form.show_params(params)

    def changed(self, params):
        self.heard.append(("changed", params))
        self.now = params
        self.form.show_params(params)

    def kinds(self):
        return [kind for kind, _ in self.heard]


@pytest.fixture
def form(qtbot):
    form = ParameterForm()
    qtbot.addWidget(form)
    form.resize(340, 900)
    form.show_params(Params())
    form.show()
    form.activateWindow()
    qtbot.waitActive(form)
    return form


@pytest.fixture
def listener(form):
    return Listener(form, Params())


def focus(widget):
    """The keyboard focus, which without a window manager a closing window may take with it."""
    for _ in range(300):
        widget.window().activateWindow()
        widget.setFocus()
        if widget.hasFocus():
            return
        QTest.qWait(10)
    raise AssertionError(f"{widget} did not get the focus")


def type_into(entry, text, *, end=Qt.Key.Key_Return):
    focus(entry)
    entry.selectAll()
    QTest.keyClicks(entry, text)
    QTest.keyClick(entry, end)


def knob(slider):
    return QPoint(round(slider._knob()), slider.height() // 2)


def test_showing_values_says_nothing_and_keeps_the_widgets(form, listener):
    slider = form.widget("zoom")
    form.show_params(Params(zoom=-1.0, count=77, kind="b", flag=True, time=3.0))
    assert listener.heard == []
    assert form.widget("zoom") is slider
    form.show_params(Other())
    assert listener.heard == []
    form.widget("only")
    with pytest.raises(KeyError):
        form.widget("zoom")


def test_sections_come_in_order_and_fields_that_do_not_apply_are_hidden(form):
    tops = {name: form.row(name).mapTo(form, QPoint(0, 0)).y() for name in ("zoom", "rate", "flag")}
    assert tops["zoom"] < tops["rate"] < tops["flag"]
    assert form.row("depth").isHidden()
    form.show_params(Params(kind="b"))
    assert not form.row("depth").isHidden()
    assert form.row("deeper").isHidden()
    form.show_params(Params(kind="b", depth=4))
    assert not form.row("deeper").isHidden()
    # What it hangs on is itself out of play.
    form.show_params(Params(kind="a", depth=4))
    assert form.row("deeper").isHidden()


def test_dragging_says_changing_and_letting_go_says_changed_once(form, listener):
    slider = form.widget("zoom").slider
    start = knob(slider)
    QTest.mousePress(slider, LEFT, pos=start)
    for step in range(1, 40):
        drag(slider, start + QPoint(step, 0))
    QTest.mouseRelease(slider, LEFT, pos=start + QPoint(39, 0))
    assert listener.kinds().count("changed") == 1
    assert listener.kinds()[-1] == "changed"
    assert len(listener.heard) > 30
    values = [params.zoom for _, params in listener.heard]
    assert values == sorted(values)
    assert listener.heard[-1][1].zoom == values[-2]


def test_a_press_on_the_knob_alone_says_nothing(form, listener):
    slider = form.widget("zoom").slider
    QTest.mouseClick(slider, LEFT, pos=knob(slider) + QPoint(4, 0))
    assert listener.heard == []


def test_a_click_on_the_groove_jumps_there(form, listener):
    slider = form.widget("count").slider
    QTest.mouseClick(slider, LEFT, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert listener.kinds() == ["changing", "changed"]
    assert listener.now.count == pytest.approx(251, abs=3)


def test_a_continuous_slider_tells_a_thousand_places_apart(form):
    for name in ("zoom", "rate", "time"):
        inner = getattr(form.widget(name), "inner", form.widget(name))
        places = range(inner.slider.maximum() + 1)
        assert len({inner._at(place) for place in places}) > 1000
        low, high = inner._span()
        assert (inner._at(0), inner._at(inner.slider.maximum())) == (low, high)


def test_slider_keys_step_page_and_ends(form, listener):
    slider = form.widget("count").slider
    focus(slider)
    for key, wanted in (
        (Qt.Key.Key_Right, 11),
        (Qt.Key.Key_Left, 10),
        (Qt.Key.Key_PageUp, 20),
        (Qt.Key.Key_PageDown, 10),
        (Qt.Key.Key_End, 500),
        (Qt.Key.Key_Home, 2),
    ):
        QTest.keyClick(slider, key)
        assert listener.now.count == wanted
        assert listener.kinds()[-2:] == ["changing", "changed"]
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert len(listener.heard) == 12
    QTest.keyClick(slider, Qt.Key.Key_Delete)
    assert listener.now.count == 10


def test_logarithmic_steps_grow_with_the_value(form, listener):
    slider = form.widget("rate").slider
    focus(slider)
    QTest.keyClick(slider, Qt.Key.Key_Right)
    first = listener.now.rate / 1e-3
    QTest.keyClick(slider, Qt.Key.Key_End)
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert 0.1 / listener.now.rate == pytest.approx(first, rel=1e-2)


def test_arrow_keys_in_the_number_box_step_too(form, listener):
    box = form.widget("count").box
    focus(box)
    QTest.keyClick(box, Qt.Key.Key_Up)
    QTest.keyClick(box, Qt.Key.Key_PageUp)
    assert listener.now.count == 21


def test_a_typed_number_may_leave_the_soft_range_but_not_the_hard_one(form, listener):
    box = form.widget("time").inner.box
    type_into(box, "500")
    assert listener.now.time == 500
    assert form.widget("time").inner.slider.value() == form.widget("time").inner.slider.maximum()
    type_into(box, "5000")
    assert listener.now.time == 500
    assert not form.row("time").refusal.isHidden()
    assert "between 0.01 and 1000" in form.row("time").refusal.text()
    assert box.property("wrong")
    type_into(box, "40")
    assert listener.now.time == 40
    assert form.row("time").refusal.isHidden()
    assert not box.property("wrong")


def test_refused_typing_gives_way_to_the_old_value(form, listener):
    box = form.widget("zoom").box
    type_into(box, "what", end=Qt.Key.Key_Tab)
    assert box.text() == "0.5"
    assert "zoom" in form.row("zoom").refusal.text()
    type_into(box, "1.2.3", end=Qt.Key.Key_Escape)
    assert box.text() == "0.5"
    assert form.row("zoom").refusal.isHidden()
    assert listener.heard == []


def test_a_value_that_the_class_refuses_is_said_in_its_row(form, listener):
    type_into(form.widget("count").box, "13")
    assert form.row("count").refusal.text() == "Thirteen is not possible here."
    assert listener.heard == []


def test_limits_narrow_a_slider_and_go_again(form, listener):
    form.show_params(Params(), limits={"count": Bound(2, 50)})
    number = form.widget("count")
    assert number.slider.maximum() == 48
    type_into(number.box, "60")
    assert "between 2 and 50" in form.row("count").refusal.text()
    assert listener.heard == []
    form.show_params(Params())
    assert number.slider.maximum() == 498


def test_auto_stands_for_none(form, listener):
    time = form.widget("time")
    assert time.auto.isChecked()
    QTest.mouseClick(time.auto, LEFT)
    assert listener.now.time == pytest.approx(3.16)
    QTest.mouseClick(time.auto, LEFT)
    assert listener.now.time is None
    form.show_chosen({"time": 12.5, "nothing": 1.0})
    assert time.inner.box.text() == "12.5"
    QTest.mouseClick(time.auto, LEFT)
    assert listener.now.time == 12.5
    type_into(time.inner.box, "auto")
    assert listener.now.time is None
    # Taking hold of the slider takes over from the method.
    QTest.mouseClick(time.inner.slider, LEFT, pos=QPoint(time.inner.slider.width() // 2, 10))
    assert listener.now.time == pytest.approx(3.16, rel=0.05)
    assert not time.auto.isChecked()


def test_choices(form, listener):
    assert isinstance(form.widget("kind").combo, QComboBox)
    form.widget("kind").combo.activated.emit(1)
    assert listener.now.kind == "b"
    side = form.widget("side")
    QTest.mouseClick(side.group.button(1), LEFT)
    assert listener.now.side == "right"
    focus(side.group.button(1))
    QTest.keyClick(side.group.button(1), Qt.Key.Key_Left)
    assert listener.now.side == "left"
    assert side.group.checkedId() == 0
    QTest.mouseClick(form.widget("flag").box, LEFT)
    assert listener.now.flag is True
    assert set(listener.kinds()) == {"changed"}


def test_lines(form, listener):
    type_into(form.widget("weights").line, "3, 4.5, 6")
    assert listener.now.weights == (3.0, 4.5, 6.0)
    type_into(form.widget("weights").line, "3, x")
    assert listener.now.weights == (3.0, 4.5, 6.0)
    assert not form.row("weights").refusal.isHidden()
    type_into(form.widget("source").line, "a/b.csv", end=Qt.Key.Key_Tab)
    assert listener.now.source == Path("a/b.csv")
    type_into(form.widget("title").line, "new")
    assert listener.now.title == "new"


def test_a_double_click_resets(form, listener):
    form.show_params(Params(zoom=1.0, count=50))
    QTest.mouseDClick(form.row("zoom").name, LEFT)
    assert listener.now.zoom == 0.5
    slider = form.widget("count").slider
    QTest.mouseDClick(slider, LEFT, pos=knob(slider))
    assert listener.now.count == 10
    form.show_params(Params(zoom=1.0))
    QTest.mouseClick(form.row("zoom").reset, LEFT)
    assert listener.now.zoom == 0.5


def test_what_differs_from_its_default_is_marked(form):
    assert not form.row("zoom").reset.isVisible()
    form.show_params(Params(zoom=1.0))
    assert "<b>Zoom</b>" in form.row("zoom").name.text()
    assert form.row("zoom").reset.isVisible()


def test_what_waits_for_a_fit_is_marked_and_counted(form):
    assert form.waiting() == ""
    now = Params(count=20, flag=True, weights=(3.0,), zoom=1.0, rate=1e-2)
    form.show_params(now, fitted=Params())
    assert form.waiting() == "● 3 changes wait for Fit"
    marked = {p.name for p in parameters(Params) if form.row(p.name).stale.isVisible()}
    assert marked == {"count", "flag", "weights"}
    form.show_params(replace(now, flag=False, weights=(1.0, 2.0)), fitted=Params())
    assert form.waiting() == "● 1 change waits for Fit"
    form.show_params(now, fitted=now)
    assert form.waiting() == ""
    form.show_params(now, fitted=Other())
    assert form.waiting() == ""


def test_the_wheel_scrolls_the_panel_and_changes_nothing(qtbot):
    area = QScrollArea()
    qtbot.addWidget(area)
    form = ParameterForm()
    area.setWidgetResizable(True)
    area.setWidget(form)
    area.resize(340, 200)
    form.show_params(Params())
    listener = Listener(form, Params())
    area.show()
    qtbot.waitExposed(area)
    bar = area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    for widget in (form.widget("zoom").slider, form.widget("zoom").box, form.widget("kind").combo):
        bar.setValue(0)
        wheel(widget)
        assert bar.value() > 0
    assert listener.heard == []


def wheel(widget):
    place = QPointF(10, 5)
    event = QWheelEvent(
        place,
        QPointF(widget.mapToGlobal(QPoint(10, 5))),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    # Qt hands on only what the window system sent; an event of ours is handed on by hand.
    while widget is not None:
        QApplication.sendEvent(widget, event)
        if event.isAccepted():
            return
        widget = widget.parentWidget()


def test_everything_has_a_name_and_a_tip_from_its_doc(form):
    time = form.widget("time").inner
    assert time.slider.accessibleName() == "diffusion time slider"
    assert time.slider.accessibleDescription() == "How long."
    tip = form.row("time").name.toolTip()
    for part in ("How long.", "<i>t</i>", "From 0.01 to 1000 s", "Default: auto"):
        assert part in tip


def test_tab_goes_down_the_form(form):
    focus(form.widget("time").stops()[0])
    seen = []
    for _ in range(4):
        # The form's own, which does not hang on the window being the active one.
        seen.append(form.focusWidget().accessibleName())
        QTest.keyClick(form.focusWidget(), Qt.Key.Key_Tab)
    assert seen == [
        "diffusion time slider",
        "diffusion time number",
        "diffusion time: choose for me",
        "zoom slider",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e4, "10000"),
        (1e-3, "0.001"),
        (0.1 + 0.2, "0.3"),
        (1234567.0, "1235000"),
        (1e-5, "1e-5"),
        (3.1623e-5, "3.162e-5"),
        (1e-73, "1e-73"),
    ],
)
def test_numbers_read_as_a_person_writes_them(value, text):
    assert number_text(value, whole=False) == text


def test_a_small_number_is_whole_in_its_box(form):
    """In the program's own style, whose boxes have wider edges."""
    application = QApplication.instance()
    before = application.styleSheet()
    theme.apply(application, theme.load("light"))
    box = Entry(form, steps=True)
    box.setFixedWidth(BOX_WIDTH)
    box.show_text("-3.162e-5")
    box.show()
    option = QStyleOptionFrame()
    box.initStyleOption(option)
    room = box.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, box).width()
    needed = box.fontMetrics().horizontalAdvance("3.162e-5")
    application.setStyleSheet(before)
    assert needed + 4 <= room


def test_every_method_of_the_catalogue_fits_a_narrow_panel(qtbot):
    from engine import catalog

    form = ParameterForm()
    qtbot.addWidget(form)
    form.resize(320, 900)
    form.show()
    for card in catalog.cards().values():
        try:
            kind = card.load()
        except (catalog.Unavailable, ModuleNotFoundError):
            continue
        form.show_params(kind.Params())
        assert form.minimumSizeHint().width() <= 320, card.id


@dataclass(frozen=True)
class _Entry:
    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class _Stated:
    coefficients: tuple[_Entry, ...]


@dataclass(frozen=True, kw_only=True)
class _Asking:
    coefficients: Annotated[tuple[float, ...], LIVE, Doc("Numbers of the data.")] = ()


def test_several_numbers_get_a_slider_each_where_the_data_name_them(qtbot):
    form = ParameterForm()
    qtbot.addWidget(form)
    form.show_params(_Asking())
    form.show()
    many = form.widget("coefficients")
    assert many.text.isVisible() and not many.rows
    form.show_data(_Stated((_Entry("nu", 0.02, 0.001, 0.1), _Entry("c", 1.0, -2.0, 2.0))))
    assert list(many.rows) == ["nu", "c"] and not many.text.isVisible()
    assert many.rows["nu"].widget.box.text() == "0.02"
    told = []
    form.changed.connect(told.append)
    many.rows["c"].widget.box.setText("0.5")
    many.rows["c"].widget.box.entered.emit("0.5")
    assert told[-1].coefficients == (0.02, 0.5)
    form.show_params(told[-1])
    assert many.rows["c"].widget.box.text() == "0.5"
    many.rows["c"].reset.click()
    assert told[-1].coefficients == (), "as stated is said by saying nothing"
    form.show_data(None)
    assert many.text.isVisible() and not many.rows
