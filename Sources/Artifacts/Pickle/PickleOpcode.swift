/// The opcodes of pickle protocols 0 to 5, by the names of Python's `pickle` module.
enum PickleOpcode: UInt8, CaseIterable {
  case mark = 0x28
  case stop = 0x2E
  case pop = 0x30
  case popMark = 0x31
  case dup = 0x32
  case float = 0x46
  case int = 0x49
  case binInt = 0x4A
  case binInt1 = 0x4B
  case long = 0x4C
  case binInt2 = 0x4D
  case none = 0x4E
  case persistentID = 0x50
  case binPersistentID = 0x51
  case reduce = 0x52
  case string = 0x53
  case binString = 0x54
  case shortBinString = 0x55
  case unicode = 0x56
  case binUnicode = 0x58
  case append = 0x61
  case build = 0x62
  case global = 0x63
  case dict = 0x64
  case appends = 0x65
  case get = 0x67
  case binGet = 0x68
  case inst = 0x69
  case longBinGet = 0x6A
  case list = 0x6C
  case obj = 0x6F
  case put = 0x70
  case binPut = 0x71
  case longBinPut = 0x72
  case setItem = 0x73
  case tuple = 0x74
  case setItems = 0x75
  case emptyDict = 0x7D
  case emptyList = 0x5D
  case emptyTuple = 0x29
  case binFloat = 0x47
  // Protocol 2.
  case proto = 0x80
  case newObj = 0x81
  case ext1 = 0x82
  case ext2 = 0x83
  case ext4 = 0x84
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case newTrue = 0x88
  case newFalse = 0x89
  case long1 = 0x8A
  case long4 = 0x8B
  // Protocol 3.
  case binBytes = 0x42
  case shortBinBytes = 0x43
  // Protocol 4.
  case shortBinUnicode = 0x8C
  case binUnicode8 = 0x8D
  case binBytes8 = 0x8E
  case emptySet = 0x8F
  case addItems = 0x90
  case frozenSet = 0x91
  case newObjEx = 0x92
  case stackGlobal = 0x93
  case memoize = 0x94
  case frame = 0x95
  // Protocol 5.
  case byteArray8 = 0x96
  case nextBuffer = 0x97
  case readOnlyBuffer = 0x98

  /// The name in `pickletools`.
  var name: String {
    switch self {
    case .binFloat: "BINFLOAT"
    case .persistentID: "PERSID"
    case .binPersistentID: "BINPERSID"
    case .binInt: "BININT"
    case .binInt1: "BININT1"
    case .binInt2: "BININT2"
    case .popMark: "POP_MARK"
    case .emptyDict: "EMPTY_DICT"
    case .emptyList: "EMPTY_LIST"
    case .emptyTuple: "EMPTY_TUPLE"
    case .emptySet: "EMPTY_SET"
    case .longBinGet: "LONG_BINGET"
    case .longBinPut: "LONG_BINPUT"
    case .shortBinString: "SHORT_BINSTRING"
    case .shortBinBytes: "SHORT_BINBYTES"
    case .shortBinUnicode: "SHORT_BINUNICODE"
    case .newObjEx: "NEWOBJ_EX"
    case .stackGlobal: "STACK_GLOBAL"
    case .nextBuffer: "NEXT_BUFFER"
    case .readOnlyBuffer: "READONLY_BUFFER"
    default: "\(self)".uppercased()
    }
  }
}
