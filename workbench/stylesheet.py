"""The style sheet, generated from the theme's tokens; the only place that dresses widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.theme import Theme

_SHEET = """
* {{ font-size: 13px; }}
QMainWindow, QDialog {{ background: {window}; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 4px; }}
QMenuBar {{ background: {window}; border-bottom: 1px solid {border}; }}
QMenuBar::item {{ padding: 5px 10px; background: transparent; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu {{ background: {panel}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 4px; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 8px; }}
QSplitter::handle {{ background: {border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QSplitter::handle:hover {{ background: {accent}; }}
#familybar {{ background: {window}; }}
#topbar {{ background: {panel}; border-bottom: 1px solid {border}; }}
#taskbar {{ background: {window}; border-top: 1px solid {border}; }}
QLabel[role="brand"] {{ font-weight: 700; font-size: 14px; padding-left: 4px; }}
QLabel[role="heading"] {{ font-weight: 600; font-size: 13px; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="small"] {{ color: {muted}; font-size: 12px; }}
QLabel[role="warning"] {{ color: {warning}; }}
QLabel[role="error"] {{ color: {error}; }}
QLabel[role="title"] {{ font-size: 22px; font-weight: 600; }}
QPushButton[role="family"] {{
  text-align: left; border: none; border-radius: 6px; padding: 8px; background: transparent;
}}
QPushButton[role="family"]:hover {{ background: {raised}; }}
QPushButton[role="family"]:checked {{ background: {raised}; font-weight: 600; }}
QPushButton, QToolButton {{
  background: {panel}; border: 1px solid {border}; border-radius: 6px; padding: 5px 10px;
  min-height: 16px;
}}
QToolButton {{ padding: 5px 8px; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QPushButton:hover, QToolButton:hover {{ background: {raised}; }}
QPushButton:pressed, QToolButton:pressed, QToolButton:checked {{ background: {border}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {muted}; background: {window}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus {{
  border: 1px solid {accent};
}}
QToolButton[autoRaise="true"] {{ background: transparent; border: 1px solid transparent; }}
QToolButton[autoRaise="true"]:hover {{ background: {raised}; border-color: {border}; }}
QToolButton[autoRaise="true"]:checked {{ background: {raised}; border-color: {accent}; }}
QPushButton[role="primary"], QToolButton[role="primary"] {{
  background: {accent}; color: {on_accent}; border: 1px solid {accent}; font-weight: 600;
  padding: 5px 14px;
}}
QToolButton[role="primary"]:disabled, QPushButton[role="primary"]:disabled {{
  background: {raised}; color: {muted}; border-color: {border};
}}
QToolButton[role="segment"] {{ border-radius: 0; margin-left: -1px; padding: 4px 8px; }}
QToolButton[role="segment"]:checked {{
  background: {accent}; color: {on_accent}; border-color: {accent};
}}
QToolButton[role="auto"]:checked {{ background: {raised}; border-color: {accent}; }}
QComboBox, QLineEdit {{
  background: {panel}; border: 1px solid {border}; border-radius: 6px; padding: 4px 8px;
  min-height: 18px; selection-background-color: {accent};
}}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox QAbstractItemView {{
  background: {panel}; border: 1px solid {border}; selection-background-color: {accent};
  selection-color: {on_accent}; outline: none;
}}
QLineEdit[wrong="true"] {{ border: 1px solid {error}; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {border}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {accent}; }}
QSlider::handle:horizontal {{
  width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
  background: {panel}; border: 1px solid {accent};
}}
QSlider::handle:horizontal:hover {{ background: {accent}; }}
QSlider {{ border: 1px solid transparent; border-radius: 4px; background: transparent; }}
QSlider:focus {{ border: 1px solid {accent}; }}
QSlider:disabled::sub-page:horizontal {{ background: {border}; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {border}; }}
QTabBar::tab {{
  background: transparent; padding: 6px 12px; border: none; color: {muted};
  border-bottom: 2px solid transparent;
}}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QTabBar::tab:hover {{ color: {text}; }}
QTableWidget, QTreeWidget, QListWidget {{
  background: {panel}; alternate-background-color: {window}; border: none; outline: none;
}}
QHeaderView::section {{
  background: {panel}; color: {muted}; border: none; border-bottom: 1px solid {border};
  padding: 4px 8px;
}}
QTableCornerButton::section {{ background: {panel}; border: none; }}
QTreeWidget::item {{ padding: 3px 0; }}
QTreeWidget::item:selected, QListWidget::item:selected {{
  background: {accent}; color: {on_accent};
}}
QScrollArea {{ border: none; background: {panel}; }}
#form {{ background: {panel}; }}
QScrollBar:vertical {{ width: 10px; background: transparent; margin: 0; }}
QScrollBar:horizontal {{ height: 10px; background: transparent; margin: 0; }}
QScrollBar::handle {{ background: {border}; border-radius: 5px; min-height: 24px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{
  background: {raised}; border: none; border-radius: 3px; min-height: 6px; max-height: 6px;
}}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QFrame[role="notice"] {{ background: {raised}; border-left: 3px solid {accent}; }}
QFrame[role="grave"] {{ background: {raised}; border-left: 3px solid {error}; }}
QFrame[role="card"] {{
  background: {panel}; border: 1px solid {border}; border-radius: 8px;
}}
QFrame[role="card"]:hover {{ border: 1px solid {accent}; }}
QFrame[role="card"]:focus {{ border: 2px solid {accent}; }}
QFrame[role="line"] {{ background: {border}; border: none; max-height: 1px; }}
#notestrip {{ background: {window}; border-top: 1px solid {border}; }}
"""


def stylesheet(theme: Theme) -> str:
    """The whole sheet in the theme's colours."""
    tokens = {name: getattr(theme, name) for name in theme.__dataclass_fields__}
    return _SHEET.format(**tokens)
