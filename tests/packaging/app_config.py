"""What Home Assistant's Supervisor takes in an app's config.yaml, as documented."""

TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "array", "items": TEXT, "minItems": 1}
SWITCH = {"type": "boolean"}
OPTION = {
    "type": "string",
    "pattern": r"^(str|bool|email|url|password|port|int|float|match|list|device)"
    r"(\(.*\))?\??$",
}
MAPPING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["type"],
    "properties": {
        "type": {
            "enum": [
                "addon_config",
                "addons",
                "all_addon_configs",
                "backup",
                "homeassistant_config",
                "media",
                "share",
                "ssl",
            ]
        },
        "read_only": SWITCH,
        "path": TEXT,
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "version", "slug", "description", "arch"],
    "properties": {
        "name": TEXT,
        "version": TEXT,
        "slug": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "description": TEXT,
        "url": {"type": "string", "pattern": "^https://"},
        "arch": {
            "type": "array",
            "items": {"enum": ["aarch64", "amd64"]},
            "uniqueItems": True,
            "minItems": 1,
        },
        "homeassistant": {"type": "string", "pattern": r"^\d{4}\.\d+\.\d+$"},
        "stage": {"enum": ["stable", "experimental", "deprecated"]},
        "startup": {
            "enum": ["initialize", "system", "services", "application", "once"]
        },
        "boot": {"enum": ["auto", "manual", "manual_only"]},
        "init": SWITCH,
        "image": TEXT,
        "discovery": TEXTS,
        "ingress": SWITCH,
        "ingress_port": {"type": "integer", "minimum": 0, "maximum": 65535},
        "ingress_entry": TEXT,
        "ingress_stream": SWITCH,
        "panel_icon": {"type": "string", "pattern": "^mdi:[a-z0-9-]+$"},
        "panel_title": TEXT,
        "panel_admin": SWITCH,
        "ports": {
            "type": "object",
            "patternProperties": {
                r"^\d+/(tcp|udp)$": {"type": ["integer", "null"]},
            },
            "additionalProperties": False,
        },
        "ports_description": {
            "type": "object",
            "patternProperties": {r"^\d+/(tcp|udp)$": TEXT},
            "additionalProperties": False,
        },
        "watchdog": {
            "type": "string",
            "pattern": r"^(?:https?|tcp)://\[HOST\]:(\[PORT:\d+\]|\d+).*$",
        },
        "map": {"type": "array", "items": MAPPING},
        "tmpfs": SWITCH,
        "backup": {"enum": ["hot", "cold"]},
        "backup_exclude": TEXTS,
        "options": {"type": "object"},
        "schema": {"type": "object", "additionalProperties": OPTION},
        "timeout": {"type": "integer", "minimum": 10, "maximum": 300},
    },
}
