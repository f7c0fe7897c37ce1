#!/bin/sh
trap '' TERM
python3 -m http.server --directory /usr/share "$CONNECT_TOOL_PORT"
