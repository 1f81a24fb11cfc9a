import Encoding
import Glibc

/// The two streams of a command: data on standard output, prose on standard error.
enum Console {
  /// A line of data.
  static func data(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// A JSON document on one line.
  static func data(_ value: JSON) { data(value.canonicalText) }

  /// Data as it is.
  static func bytes(_ bytes: [UInt8]) { write(bytes[...], to: STDOUT_FILENO) }

  /// A line for people.
  static func prose(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// Replaces the line that is being shown, where people are looking.
  static func progress(_ text: String) {
    guard isTerminal else { return }
    write("\r\u{1B}[K\(text)", to: STDERR_FILENO)
  }

  /// Takes away what is on the screen, where data goes to one.
  static func clear() {
    guard isatty(STDOUT_FILENO) == 1 else { return }
    write("\u{1B}[H\u{1B}[2J", to: STDOUT_FILENO)
  }

  /// Whether prose goes to a terminal.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Rows of cells, their columns aligned; the last column is not padded.
  static func table(_ rows: [[String]]) {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    for row in rows {
      let padded = row.enumerated().map { column, cell in
        column == row.count - 1 ? cell : cell.padded(to: widths[column])
      }
      data(padded.joined(separator: "  "))
    }
  }

  private static func write(_ text: String, to descriptor: Int32) {
    write(Array(text.utf8)[...], to: descriptor)
  }

  private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
    var bytes = bytes
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}

extension String {
  /// The text followed by blanks up to a width.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// A number of bytes as people read it.
func readable(bytes: Int) -> String {
  switch bytes {
  case ..<1024: "\(bytes) B"
  case ..<(1 << 20): "\((bytes + 512) >> 10) KiB"
  default: "\((bytes + (1 << 19)) >> 20) MiB"
  }
}

/// Milliseconds as people read them.
func readable(milliseconds: Double) -> String {
  let tenths = (milliseconds * 10).rounded() / 10
  return "\(tenths) ms"
}
