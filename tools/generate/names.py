"""How names of the model become names of C++."""
import re

KEYWORDS = set("""
alignas alignof and asm auto bool break case catch char class const continue default delete do double else enum explicit
export extern false float for friend goto if inline int long mutable namespace new not operator or private protected
public register return short signed sizeof static struct switch template this throw true try typedef typename union
unsigned using virtual void volatile while xor
""".split())


def snake(name):
    """memoryId -> memory_id, MFADevices -> mfa_devices, OpenIDConnectProviderArn -> open_id_connect_provider_arn."""
    text = re.sub(r"([A-Z]+)(IDs)(?=[A-Z]|$)", r"\1_Ids", name)
    text = re.sub(r"IDs(?=[A-Z]|$)", "Ids", text)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    text = re.sub(r"[^A-Za-z0-9]+", "_", text).lower()
    return text + "_" if text in KEYWORDS else text


def pascal(name):
    return name[0].upper() + re.sub(r"[^A-Za-z0-9]", "", name[1:])


def literal(text):
    """A C++ string literal, raw only where escapes would hide the meaning."""
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    # `??` could begin a trigraph in old dialects and draws a warning.
    return '"' + "".join(out).replace("??", '?""?') + '"'
