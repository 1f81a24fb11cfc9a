/// Machine code: programs and libraries of Linux, Windows and macOS.
enum ProgramFormat: InspectedFormat {
  static let name = "native code"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? { kind(bytes) == nil ? nil : .certain }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    guard let kind = kind(subject.bytes) else { return nil }
    if !subject.member.isEmpty {
      walk.report(.directoryCode, "expected data, found native code (\(kind))", subject, at: 0)
    }
    return Inspected(kind, .data("native code"))
  }

  private static func kind(_ bytes: ArraySlice<UInt8>) -> String? {
    if bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) { return "ELF" }
    if bytes.starts(with: "MZ".utf8), bytes.count > 64 {
      // The offset of the second header, least significant byte first.
      let place = bytes.dropFirst(60).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      if bytes.dropFirst(place).starts(with: [0x50, 0x45, 0, 0]) { return "PE" }
    }
    let magic = Array(bytes.prefix(4))
    let mach: [[UInt8]] = [
      [0xCF, 0xFA, 0xED, 0xFE], [0xCE, 0xFA, 0xED, 0xFE], [0xFE, 0xED, 0xFA, 0xCF], [0xFE, 0xED, 0xFA, 0xCE],
    ]
    return mach.contains(magic) ? "Mach-O" : nil
  }
}
