public import Domain

/// What a program's file says of where it runs: its header in ELF (System V ABI, chapter 4; its own byte order is little).
public enum ProgramFile {
  private static let headerBytes = 64
  private static let segmentBytes = 56
  /// A segment that names the program which loads the libraries of this one (`PT_INTERP`).
  private static let interpreter: UInt32 = 3

  /// The processor that a static program is for, as OCI names it.
  ///
  /// Throws `image.bad-program` for anything else: an image has no libraries, and nothing that would load them.
  public static func architecture(of bytes: [UInt8]) throws(Problem) -> String {
    func bad(_ found: String) -> Problem {
      Problem(
        .badInput, "image.bad-program",
        "expected a static program in ELF for amd64 or arm64, found \(found)",
        hint: "'scripts/build' makes one in dist/")
    }
    func number(_ offset: Int, _ count: Int) -> Int? {
      guard offset <= bytes.count - count else { return nil }
      return bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    guard bytes.count >= headerBytes, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
      throw bad("\(bytes.count) bytes that are none")
    }
    // `e_phoff`, `e_phentsize` and `e_phnum`. Offsets of eight bytes are read as six: no file is longer.
    guard let start = number(32, 6), let size = number(54, 2), let count = number(56, 2),
      count == 0 || size == segmentBytes
    else { throw bad("one whose segments cannot be read") }
    for segment in 0..<count {
      guard let kind = number(start + segment * size, 4) else { throw bad("one that is cut off") }
      if kind == Int(interpreter) { throw bad("one that wants libraries to be loaded") }
    }
    switch number(18, 2) {
    case 0x3E: return "amd64"
    case 0xB7: return "arm64"
    default: throw bad("one for another processor")
    }
  }
}
