# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the AI gateway: a real HTTP server on loopback, without any model behind it.

It speaks the gateway's published HTTP interface and answers with meshes that it draws itself
from words of the prompt. `StandInGateway` starts it in process; `serve.py` starts it from the
shell; `script` describes the faults a test can order.
"""

from .record import RecordedRequest
from .script import Action, Gate, Script
from .server import StandInGateway
from .settings import Settings

__all__ = ["Action", "Gate", "RecordedRequest", "Script", "Settings", "StandInGateway"]
