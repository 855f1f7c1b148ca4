"""Every message is registered under the type, version and name it has on the wire."""

from __future__ import annotations

import pytest

from bench.mme import REGISTRY

ON_THE_WIRE = [
    # MMTYPE, MMV, name
    (0x0014, 1, "CC_DISCOVER_LIST.REQ"),
    (0x0015, 1, "CC_DISCOVER_LIST.CNF"),
    (0x6002, 1, "CM_UNASSOCIATED_STA.IND"),
    (0x6006, 1, "CM_ENCRYPTED_PAYLOAD.IND"),
    (0x6007, 1, "CM_ENCRYPTED_PAYLOAD.RSP"),
    (0x6008, 1, "CM_SET_KEY.REQ"),
    (0x6009, 1, "CM_SET_KEY.CNF"),
    (0x600C, 1, "CM_GET_KEY.REQ"),
    (0x600D, 1, "CM_GET_KEY.CNF"),
    (0x601C, 1, "CM_AMP_MAP.REQ"),
    (0x601D, 1, "CM_AMP_MAP.CNF"),
    (0x6020, 1, "CM_BRG_INFO.REQ"),
    (0x6021, 1, "CM_BRG_INFO.CNF"),
    (0x6034, 1, "CM_STA_CAP.REQ"),
    (0x6035, 1, "CM_STA_CAP.CNF"),
    (0x6038, 1, "CM_NW_INFO.REQ"),
    (0x6039, 1, "CM_NW_INFO.CNF"),
    (0x6048, 1, "CM_NW_STATS.REQ"),
    (0x6049, 1, "CM_NW_STATS.CNF"),
    (0x6060, 1, "CM_STA_IDENTIFY.REQ"),
    (0x6061, 1, "CM_STA_IDENTIFY.CNF"),
    (0x6064, 1, "CM_SLAC_PARM.REQ"),
    (0x6065, 1, "CM_SLAC_PARM.CNF"),
    (0x606A, 1, "CM_START_ATTEN_CHAR.IND"),
    (0x606E, 1, "CM_ATTEN_CHAR.IND"),
    (0x606F, 1, "CM_ATTEN_CHAR.RSP"),
    (0x6076, 1, "CM_MNBC_SOUND.IND"),
    (0x6078, 1, "CM_VALIDATE.REQ"),
    (0x6079, 1, "CM_VALIDATE.CNF"),
    (0x607C, 1, "CM_SLAC_MATCH.REQ"),
    (0x607D, 1, "CM_SLAC_MATCH.CNF"),
    (0x6086, 1, "CM_ATTEN_PROFILE.IND"),
    (0x8000, 0, "MS_PB_ENC.REQ"),
    (0x8001, 0, "MS_PB_ENC.CNF"),
    (0xA000, 0, "VS_SW_VER.REQ"),
    (0xA001, 0, "VS_SW_VER.CNF"),
    (0xA010, 0, "VS_GET_NVM.REQ"),
    (0xA011, 0, "VS_GET_NVM.CNF"),
    (0xA01C, 0, "VS_RS_DEV.REQ"),
    (0xA01D, 0, "VS_RS_DEV.CNF"),
    (0xA020, 0, "VS_WR_MOD.REQ"),
    (0xA021, 0, "VS_WR_MOD.CNF"),
    (0xA024, 0, "VS_RD_MOD.REQ"),
    (0xA025, 0, "VS_RD_MOD.CNF"),
    (0xA028, 0, "VS_MOD_NVM.REQ"),
    (0xA029, 0, "VS_MOD_NVM.CNF"),
    (0xA02C, 0, "VS_WD_RPT.REQ"),
    (0xA02E, 0, "VS_WD_RPT.IND"),
    (0xA030, 0, "VS_LNK_STATS.REQ"),
    (0xA031, 0, "VS_LNK_STATS.CNF"),
    (0xA038, 0, "VS_NW_INFO.REQ"),
    (0xA038, 1, "VS_NW_INFO.REQ"),
    (0xA039, 0, "VS_NW_INFO.CNF"),
    (0xA039, 1, "VS_NW_INFO.CNF"),
    (0xA048, 0, "VS_FR_LBK.REQ"),
    (0xA049, 0, "VS_FR_LBK.CNF"),
    (0xA04C, 0, "VS_LBK_STAT.REQ"),
    (0xA04D, 0, "VS_LBK_STAT.CNF"),
    (0xA050, 0, "VS_SET_KEY.REQ"),
    (0xA051, 0, "VS_SET_KEY.CNF"),
    (0xA054, 0, "VS_MFG_STRING.REQ"),
    (0xA055, 0, "VS_MFG_STRING.CNF"),
    (0xA062, 0, "VS_HOST_ACTION.IND"),
    (0xA063, 0, "VS_HOST_ACTION.RSP"),
    (0xA068, 0, "VS_OP_ATTRIBUTES.REQ"),
    (0xA069, 0, "VS_OP_ATTRIBUTES.CNF"),
    (0xA06C, 0, "VS_ENET_SETTINGS.REQ"),
    (0xA06D, 0, "VS_ENET_SETTINGS.CNF"),
    (0xA070, 0, "VS_TONE_MAP.REQ"),
    (0xA070, 1, "VS_TONE_MAP.REQ"),
    (0xA071, 0, "VS_TONE_MAP.CNF"),
    (0xA071, 1, "VS_TONE_MAP.CNF"),
    (0xA07C, 0, "VS_FAC_DEFAULTS.REQ"),
    (0xA07D, 0, "VS_FAC_DEFAULTS.CNF"),
    (0xA0B0, 0, "VS_MODULE_OPERATION.REQ"),
    (0xA0B1, 0, "VS_MODULE_OPERATION.CNF"),
    (0xA0B8, 0, "VS_PL_LINK_STATUS.REQ"),
    (0xA0B9, 0, "VS_PL_LINK_STATUS.CNF"),
    (0xA0DC, 0, "VS_EM_ID_TABLE.REQ"),
    (0xA0DD, 0, "VS_EM_ID_TABLE.CNF"),
    (0xA0F8, 0, "VS_GET_PROPERTY.REQ"),
    (0xA0F9, 0, "VS_GET_PROPERTY.CNF"),
    (0xA14E, 0, "VS_ATTEN_CHAR.IND"),
]
"""As tshark, open-plc-utils and the captures have them; 0xA14E has no public name, ours follows CM_ATTEN_CHAR."""

MODES = {0: "REQ", 1: "CNF", 2: "IND", 3: "RSP"}


@pytest.mark.parametrize(("mmtype", "mmv", "name"), ON_THE_WIRE)
def test_a_message_is_known_by_type_and_version(mmtype: int, mmv: int, name: str) -> None:
    """MMV and MMTYPE together say which message it is; the class says the name people print."""
    cls = REGISTRY[mmv << 16 | mmtype]

    assert (cls.mmtype, cls.mmv, cls.name) == (mmtype, mmv, name)


def test_no_message_is_registered_that_the_table_does_not_have() -> None:
    """A message added without a line above is a message nobody has checked."""
    assert {(cls.mmtype, cls.mmv, cls.name) for cls in REGISTRY.values()} == set(ON_THE_WIRE)


@pytest.mark.parametrize("cls", REGISTRY.values(), ids=lambda cls: cls.__name__)
def test_the_two_low_bits_of_a_type_are_its_mode(cls) -> None:
    """HomePlug AV: MMTYPE mod 4 is 0 REQ, 1 CNF, 2 IND, 3 RSP."""
    assert cls.name.endswith(f".{MODES[cls.mmtype & 3]}")


@pytest.mark.parametrize("cls", REGISTRY.values(), ids=lambda cls: cls.__name__)
def test_only_vendor_messages_carry_the_oui_of_the_vendor(cls) -> None:
    """0xA000 ... 0xBFFF are vendor specific: OUI 00:B0:52 in front of the body."""
    assert cls.oui.hex() == ("00b052" if 0xA000 <= cls.mmtype < 0xC000 else "")
