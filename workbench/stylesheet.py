"""The style sheet, generated from the theme's tokens; the only place that dresses widgets.

Rings: what has the focus wears an edge of two pixels in the accent colour, and one pixel less
padding, so that nothing moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from resources import FOLDER

if TYPE_CHECKING:
    from workbench.theme import Theme

_SHEET = """
* {{ font-size: 13px; }}
QMainWindow, QDialog, QMessageBox {{ background: {window}; }}
QToolTip {{
  background: {raised}; color: {text}; border: 1px solid {border}; padding: 6px 8px;
}}
QMenuBar {{ background: {window}; border-bottom: 1px solid {border}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 5px 10px; background: transparent; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {hover}; }}
QMenu {{ background: {panel}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {tint}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 8px; }}
QSplitter::handle {{ background: {border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QSplitter::handle:hover {{ background: {accent}; }}
#familybar {{ background: {window}; }}
#topbar {{ background: {panel}; border-bottom: 1px solid {border}; }}
#taskbar {{ background: {window}; border-top: 1px solid {border}; }}
#form, #page {{ background: {panel}; }}
#notestrip {{ background: {window}; border-top: 1px solid {border}; }}

QLabel[role="brand"] {{ font-weight: 700; font-size: 14px; padding-left: 4px; }}
QLabel[role="heading"] {{ font-weight: 600; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="small"] {{ color: {muted}; font-size: 12px; }}
QLabel[role="warning"] {{ color: {warning}; }}
QLabel[role="waiting"] {{ color: {warning}; font-size: 12px; }}
QLabel[role="error"] {{ color: {error}; font-size: 12px; }}
QLabel[role="sign"] {{ font-size: 15px; font-weight: 700; color: {accent}; }}
QLabel[role="gravesign"] {{ font-size: 15px; font-weight: 700; color: {error}; }}
QLabel[role="title"] {{ font-size: 22px; font-weight: 600; }}
QLabel[role="keys"] {{
  color: {muted}; font-size: 12px; border: 1px solid {border}; border-radius: 4px; padding: 1px 6px;
}}

QPushButton, QToolButton {{
  background: {panel}; border: 1px solid {border}; border-radius: 6px; padding: 5px 12px;
  min-height: 18px;
}}
QToolButton {{ padding: 5px 8px; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {border}; }}
QToolButton:checked {{ background: {tint}; border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {faint}; background: {window}; }}
QPushButton:focus {{ border: 2px solid {accent}; padding: 4px 11px; }}
QToolButton:focus {{ border: 2px solid {accent}; padding: 4px 7px; }}
QToolButton[autoRaise="true"] {{
  background: transparent; border: 1px solid transparent; padding: 5px 6px;
}}
QToolButton[autoRaise="true"]:hover {{ background: {hover}; }}
QToolButton[autoRaise="true"]:pressed {{ background: {border}; }}
QToolButton[autoRaise="true"]:checked {{ background: {tint}; border-color: {accent}; }}
QToolButton[autoRaise="true"]:focus {{ border: 2px solid {accent}; padding: 4px 5px; }}
QPushButton[role="primary"], QToolButton[role="primary"], QPushButton:default {{
  background: {accent}; color: {on_accent}; border: 1px solid {accent}; font-weight: 600;
  padding: 5px 16px;
}}
QPushButton[role="primary"]:hover, QToolButton[role="primary"]:hover, QPushButton:default:hover {{
  background: {accent_hover};
}}
QPushButton[role="primary"]:focus, QToolButton[role="primary"]:focus, QPushButton:default:focus {{
  border: 2px solid {text}; padding: 4px 15px;
}}
QToolButton[role="primary"]:disabled, QPushButton[role="primary"]:disabled,
QPushButton:default:disabled {{
  background: {raised}; color: {faint}; border-color: {border};
}}
QPushButton[role="family"] {{
  text-align: left; border: none; border-radius: 6px; padding: 8px; background: transparent;
}}
QPushButton[role="family"]:hover {{ background: {hover}; }}
QPushButton[role="family"]:checked {{ background: {tint}; font-weight: 600; }}
QPushButton[role="family"]:focus {{ border: 2px solid {accent}; padding: 6px; }}
QPushButton[role="chip"] {{ border-radius: 14px; padding: 4px 12px; }}
QPushButton[role="chip"]:focus {{ padding: 3px 11px; }}
QToolButton[role="segment"] {{ border-radius: 0; padding: 4px 10px; margin: 0 0 0 -1px; }}
QToolButton[role="segment"][side="first"] {{
  border-top-left-radius: 6px; border-bottom-left-radius: 6px; margin: 0;
}}
QToolButton[role="segment"][side="last"] {{
  border-top-right-radius: 6px; border-bottom-right-radius: 6px;
}}
QToolButton[role="segment"]:focus {{ border: 2px solid {accent}; padding: 3px 9px; }}
QToolButton[role="auto"] {{ padding: 3px 8px; color: {muted}; }}
QToolButton[role="auto"]:checked {{ color: {text}; }}
QToolButton[role="auto"]:focus {{ padding: 2px 7px; }}
QToolButton[role="reset"] {{
  border: none; background: transparent; color: {muted}; padding: 0 3px; font-size: 15px;
}}
QToolButton[role="reset"]:hover {{ background: {hover}; color: {text}; }}

QComboBox, QLineEdit, QAbstractSpinBox {{
  background: {panel}; border: 1px solid {border}; border-radius: 6px; padding: 3px 8px;
  min-height: 20px; selection-background-color: {accent}; selection-color: {on_accent};
}}
QComboBox:hover, QLineEdit:hover, QAbstractSpinBox:hover {{ border-color: {edge_hover}; }}
QComboBox:focus, QLineEdit:focus, QAbstractSpinBox:focus {{
  border: 2px solid {accent}; padding: 2px 7px;
}}
QComboBox:disabled, QLineEdit:disabled, QAbstractSpinBox:disabled {{
  color: {faint}; background: {window};
}}
QLineEdit[wrong="true"], QLineEdit[wrong="true"]:focus {{
  border: 2px solid {error}; padding: 2px 7px;
}}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{folder}/chevron-down.svg"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{
  background: {panel}; border: 1px solid {border}; outline: none;
  selection-background-color: {tint}; selection-color: {text};
}}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{
  border: none; background: transparent; width: 20px;
}}
QAbstractSpinBox::up-arrow {{ image: url("{folder}/chevron-up.svg"); width: 12px; height: 12px; }}
QAbstractSpinBox::down-arrow {{
  image: url("{folder}/chevron-down.svg"); width: 12px; height: 12px;
}}
QPlainTextEdit, QTextBrowser {{
  background: {panel}; border: 1px solid {border}; border-radius: 6px; padding: 4px;
}}
QPlainTextEdit:focus, QTextBrowser:focus {{ border: 2px solid {accent}; padding: 3px; }}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator, QTreeView::indicator, QListView::indicator {{
  width: 14px; height: 14px; border: 1px solid {muted}; border-radius: 3px;
  background: {panel};
}}
QCheckBox::indicator:hover, QTreeView::indicator:hover, QCheckBox::indicator:focus {{
  border-color: {accent};
}}
QCheckBox::indicator:checked, QTreeView::indicator:checked, QListView::indicator:checked {{
  background: {accent}; border-color: {accent}; image: url("{folder}/check-{name}.svg");
}}
QCheckBox::indicator:disabled {{ background: {window}; border-color: {border}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QDialogButtonBox QPushButton {{ min-width: 72px; }}

QTabWidget::pane {{ border: none; border-top: 1px solid {border}; }}
QTabBar::tab {{
  background: transparent; padding: 7px 10px; border: none; color: {muted};
  border-bottom: 2px solid transparent;
}}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:focus {{ background: {tint}; }}
QTabWidget > QToolButton[autoRaise="true"] {{ padding: 3px 8px; }}
QTableView, QTreeView, QListView {{
  background: {panel}; alternate-background-color: {window}; border: none; outline: none;
  gridline-color: {border};
}}
QTreeView, QTableView {{ border: 1px solid {panel}; }}
QTableView[role="framed"], QListView[role="framed"] {{
  border: 1px solid {border}; border-radius: 6px;
}}
QTableView[role="framed"]:focus, QListView[role="framed"]:focus {{ border: 2px solid {accent}; }}
QHeaderView {{ background: {panel}; }}
QHeaderView::section {{
  background: {panel}; color: {muted}; border: none; border-bottom: 1px solid {border};
  padding: 5px 8px;
}}
QHeaderView::section:vertical {{ border: none; }}
QTableCornerButton::section {{ background: {panel}; border: none; }}
QTreeView::item {{ padding: 4px 0; }}
QTableView::item:selected, QTreeView::item:selected, QListView::item:selected {{
  background: {tint}; color: {text};
}}
QTreeView:focus, QTableView:focus {{ border: 1px solid {accent}; }}
QScrollArea {{ border: none; background: {panel}; }}
QScrollBar:vertical {{ width: 10px; background: transparent; margin: 0; }}
QScrollBar:horizontal {{ height: 10px; background: transparent; margin: 0; }}
QScrollBar::handle {{ background: {border}; border-radius: 4px; margin: 1px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {edge_hover}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{
  background: {border}; border: none; border-radius: 3px; min-height: 6px; max-height: 6px;
}}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}

QFrame[role="notice"], QFrame[role="grave"] {{
  background: {raised}; border: 1px solid {border}; border-left: 4px solid {accent};
  border-radius: 6px;
}}
QFrame[role="grave"] {{ border-left: 4px solid {error}; }}
QFrame[role="card"] {{ background: {window}; border: 1px solid {border}; border-radius: 8px; }}
QFrame[role="card"]:hover {{ border: 1px solid {accent}; background: {hover}; }}
QFrame[role="card"]:focus {{ border: 2px solid {accent}; }}
QFrame[role="canvas"] {{ background: {canvas}; border: none; }}
QFrame[role="line"] {{ background: {border}; border: none; max-height: 1px; }}
"""


def blend(one: str, other: str, share: float) -> str:
    """`share` of `one` over the rest of `other`, both "#rrggbb"."""
    a, b = QColor(one), QColor(other)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x * share + y * (1 - share)) for x, y in pairs)).name()


def stylesheet(theme: Theme) -> str:
    """The whole sheet in the theme's colours and a few mixtures of them."""
    tokens = {name: getattr(theme, name) for name in theme.__dataclass_fields__}
    return _SHEET.format(
        **tokens,
        tint=blend(theme.accent, theme.panel, 0.18),
        hover=blend(theme.text, theme.panel, 0.06),
        edge_hover=blend(theme.muted, theme.border, 0.6),
        accent_hover=blend(theme.text, theme.accent, 0.12),
        faint=blend(theme.muted, theme.panel, 0.65),
        folder=(FOLDER / "theme").as_posix(),
    )
