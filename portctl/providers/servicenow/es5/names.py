"""Names that a script uses and nothing defines. Source: ECMA-262, edition 5.1, chapter 10; ServiceNow server API."""

from __future__ import annotations

from collections.abc import Iterator

from portctl.providers.servicenow.es5.node import Node
from portctl.providers.servicenow.es5.words import listed

LANGUAGE = listed(
    "Array Boolean Date Error EvalError Function Infinity JSON Math NaN Number Object RangeError "
    "ReferenceError RegExp String SyntaxError TypeError URIError arguments decodeURI decodeURIComponent "
    "encodeURI encodeURIComponent eval escape isFinite isNaN parseFloat parseInt undefined unescape"
)
SERVER = listed(
    "current previous gs sn_ws sn_auth sn_cc sn_fd sn_impex sn_kmf_ns sn_hr_core sn_sc sn_uc global Class "
    "Packages AbstractAjaxProcessor ArrayUtil GlideAggregate GlideCertificateEncryption GlideDate "
    "GlideDateTime GlideDigest GlideDuration GlideElement GlideEncrypter GlideEvaluator GlideFilter "
    "GlideHTTPRequest GlideImpersonate GlideJSONUtil GlideLocale GlideMultipleUpdate GlidePluginManager "
    "GlideProperties GlideRecord GlideRecordSecure GlideRecordUtil GlideSchedule GlideScopedEvaluator "
    "GlideSession GlideStringUtil GlideSysAttachment GlideSysListControl GlideSystem GlideTableHierarchy "
    "GlideTime GlideTransaction GlideUpdateManager2 GlideUser GlideXMLDocument GlideXMLUtil JSUtil "
    "TableUtils Workflow XMLDocument XMLDocument2 action answer email event g_scratchpad restMessage "
    "template"
)
LATER_STATIC = listed(
    "Object.assign Object.entries Object.values Object.is Array.from Array.of Number.isInteger "
    "Number.isNaN Number.isFinite Math.trunc Math.sign Math.log10 String.raw"
)
_Scopes = tuple[frozenset[str], ...]
"""The names that each function around a place declares, the script's own first."""
LATER_METHODS = listed("startsWith endsWith includes repeat padStart padEnd trimStart trimEnd")


def free_names(script: Node) -> Iterator[Node]:
    """Every use of a name that neither the script, nor the language, nor the server defines; each name once."""
    seen: set[str] = set()
    for node in _free(script):
        if node.text not in seen and node.text not in LANGUAGE and node.text not in SERVER:
            seen.add(node.text)
            yield node


def later_functions(script: Node) -> Iterator[tuple[Node, str]]:
    """Calls of functions that ES5 does not have, with their names."""
    for node in script.all():
        if node.kind == "call" and node.parts[0].kind == "member":
            member = node.parts[0]
            owner = member.parts[0]
            full = f"{owner.text}.{member.text}" if owner.kind == "name" else ""
            if full in LATER_STATIC:
                yield member, full
            elif member.text in LATER_METHODS:
                yield member, member.text


def _free(script: Node) -> Iterator[Node]:
    waiting: list[tuple[Node, _Scopes]] = [(script, (frozenset(_declared(script)),))]
    while waiting:
        node, scopes = waiting.pop()
        match node.kind:
            case "name":
                if not any(node.text in scope for scope in scopes):
                    yield node
                continue
            case "function":
                scopes = (*scopes, frozenset((*node.names, node.text, *_declared(node.parts[0]))))
            case "catch":
                scopes = (*scopes, frozenset(node.names))
            case "unary" if node.text == "typeof" and node.parts[0].kind == "name":
                continue
        waiting.extend((part, scopes) for part in reversed(node.parts))


def _declared(body: Node) -> Iterator[str]:
    """The variables and functions that a function declares in its body, wherever they stand in it."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if node.kind == "function":
            if node.text:
                yield node.text
            continue
        if node.kind == "declare":
            yield node.text
        waiting.extend(reversed(node.parts))
