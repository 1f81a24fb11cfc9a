/// What a file is, by its first bytes and never by its name.
public enum ArtifactFormat: Hashable, Sendable {
  case pickle
  /// A compressed stream that is unpacked here; what is in it is looked at next.
  case compressed(Compression)
  case npy
  /// A known format that is not read; its name.
  case unsupported(String)
  /// No format that is known: what it looks like.
  case unknown(String)
}

extension ArtifactFormat {
  /// Recognises a format by its first bytes.
  ///
  /// A pickle of protocol 0 or 1 has no magic: what begins with one of the opcodes that can begin such a stream
  /// is tried as a pickle, after every format that has one.
  public static func detect(_ bytes: ArraySlice<UInt8>) -> ArtifactFormat {
    guard let first = bytes.first else { return .unknown("an empty file") }
    if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) { return .npy }
    for (magic, name) in magics where bytes.starts(with: magic) { return .unsupported(name) }
    if bytes.starts(with: [0x1F, 0x8B]) { return .compressed(.gzip) }
    if isZlib(bytes) { return .compressed(.zlib) }
    if bytes.dropFirst(257).starts(with: Array("ustar".utf8)) { return .unsupported("tar") }
    if bytes.dropFirst(4).starts(with: Array("TFL3".utf8)) { return .unsupported("tflite") }
    // PROTO and a protocol that exists or may come to exist.
    if first == 0x80, let version = bytes.dropFirst().first {
      return version < 32 ? .pickle : .unknown("binary data")
    }
    if isSafetensors(bytes) { return .unsupported("safetensors") }
    if startsProtocolZero(first) { return looksLikeText(bytes) ?? .pickle }
    let isText = bytes.prefix(512).allSatisfy { $0 >= 0x20 || 0x09...0x0D ~= $0 }
    return looksLikeText(bytes) ?? .unknown(isText ? "text" : "binary data")
  }

  private static let magics: [(magic: [UInt8], name: String)] = [
    ([0x42, 0x5A, 0x68], "bzip2"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"), ([0x5D, 0x00, 0x00], "lzma"),
    ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    (Array("ZF".utf8), "joblib's format before version 0.10"), (Array("PK".utf8) + [3, 4], "zip"),
    (Array("PK".utf8) + [5, 6], "zip"), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7z"),
    ([0x89] + Array("HDF".utf8), "HDF5"), (Array("GGUF".utf8), "GGUF"), (Array("binf".utf8), "XGBoost"),
    (Array("{L".utf8), "XGBoost (UBJSON)"), (Array("tree\nversion=".utf8), "LightGBM"),
    ([0x08, 0x03, 0x12], "ONNX"), ([0x08, 0x04, 0x12], "ONNX"), ([0x08, 0x05, 0x12], "ONNX"),
    ([0x08, 0x06, 0x12], "ONNX"), ([0x08, 0x07, 0x12], "ONNX"), ([0x08, 0x08, 0x12], "ONNX"),
    ([0x08, 0x09, 0x12], "ONNX"), ([0x08, 0x0A, 0x12], "ONNX"), ([0x08, 0x0B, 0x12], "ONNX"),
    (Array("Rar!".utf8), "rar"), (Array("%PDF".utf8), "PDF"), ([0x7F] + Array("ELF".utf8), "ELF program"),
    (Array("PAR1".utf8), "Parquet"),
  ]

  /// RFC 1950: deflate with a window of at most 32 KiB, and a check that makes the header a multiple of 31.
  private static func isZlib(_ bytes: ArraySlice<UInt8>) -> Bool {
    let header = Array(bytes.prefix(2))
    guard header.count == 2, header[0] & 15 == 8, header[0] >> 4 <= 7 else { return false }
    return (Int(header[0]) << 8 | Int(header[1])).isMultiple(of: 31)
  }

  /// Eight bytes of a length, then a JSON object.
  private static func isSafetensors(_ bytes: ArraySlice<UInt8>) -> Bool {
    let header = Array(bytes.prefix(10))
    return header.count == 10 && header[5...7].allSatisfy { $0 == 0 } && header[8] == UInt8(ascii: "{")
      && (header[9] == UInt8(ascii: "\"") || header[9] == UInt8(ascii: "}"))
  }

  private static func startsProtocolZero(_ byte: UInt8) -> Bool {
    guard let opcode = PickleOpcode(rawValue: byte) else { return false }
    switch opcode {
    case .stop, .pop, .popMark, .dup, .reduce, .append, .build, .appends, .get, .binGet, .longBinGet, .put,
      .binPut, .longBinPut, .setItem, .setItems, .memoize, .addItems, .newObj, .newObjEx, .stackGlobal:
      return false
    default: return true
    }
  }

  /// Markup, JSON or prose; nil where the bytes could be a pickle.
  ///
  /// Lines of letters can begin with an opcode (`I`, `c`, `N`, `(`). A stream of protocol 0 ends in STOP and has
  /// no blank in its first bytes unless it is inside a string.
  private static func looksLikeText(_ bytes: ArraySlice<UInt8>) -> ArtifactFormat? {
    let start = bytes.prefix(1_024).drop {
      $0 == 0x20 || 0x09...0x0D ~= $0 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF
    }
    let text = String(decoding: start.prefix(64), as: UTF8.self).lowercased()
    if text.hasPrefix("<!doctype") || text.hasPrefix("<html") || text.hasPrefix("<?xml")
      || text.hasPrefix("<svg")
    {
      return .unknown("a web page or XML")
    }
    if text.hasPrefix("{") || text.hasPrefix("[") { return jsonKind(start) }
    if text.hasPrefix("version https://git-lfs") { return .unknown("a Git LFS pointer, not the file itself") }
    return nil
  }

  private static func jsonKind(_ start: ArraySlice<UInt8>) -> ArtifactFormat? {
    guard let next = start.dropFirst().first(where: { $0 != 0x20 && !(0x09...0x0D ~= $0) }) else {
      return nil
    }
    return "\"{}[]0123456789-tfn".utf8.contains(next) ? .unsupported("JSON") : nil
  }
}
