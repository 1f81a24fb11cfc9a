/// Goes through a text that may be YAML once.
struct YAMLScanner {
  private struct Level {
    let column: Int
    let name: String
  }

  private struct Anchor {
    let name: String
    let first: UInt64
    let flow: Int
    let levels: Int
  }

  var scan = YAMLScan()
  private let bytes: ArraySlice<UInt8>
  private var index: Int
  private var lineStart: Int
  private var levels: [Level] = []
  /// The names that stand before the values of open flow collections.
  private var flow: [String] = []
  private var handles: [String: String] = [:]
  private var total: UInt64 = 0
  private var aliased: UInt64 = 0
  private var open: [Anchor] = []
  private var sizes: [String: UInt64] = [:]

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    index = bytes.startIndex
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index += 3 }
    lineStart = index
  }

  mutating func run() {
    while index < bytes.endIndex, scan.tooDeep == nil {
      let byte = bytes[index]
      let atLineStart = index == lineStart
      switch byte {
      case 0x0A, 0x0D:
        index += 1
        lineStart = index
      case 0x20, 0x09: index += 1
      case UInt8(ascii: "#") where atLineStart || isSpace(before: index): skipLine()
      case UInt8(ascii: "%") where atLineStart: directive()
      case UInt8(ascii: "-") where atLineStart && starts("---") && isSpace(at: index + 3):
        document(isMark: true)
      case UInt8(ascii: ".") where atLineStart && starts("...") && isSpace(at: index + 3):
        document(isMark: false)
      case UInt8(ascii: "-") where flow.isEmpty && isSpace(at: index + 1): dash()
      case UInt8(ascii: "?") where isSpace(at: index + 1), UInt8(ascii: ":") where isSpace(at: index + 1):
        index += 1
      case UInt8(ascii: "!"): tag()
      case UInt8(ascii: "&"): anchor()
      case UInt8(ascii: "*") where !isSpace(at: index + 1): alias()
      case UInt8(ascii: "|") where flow.isEmpty, UInt8(ascii: ">") where flow.isEmpty: block()
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        flow.append("")
        index += 1
        total = total &+ 1
        checkDepth()
      case UInt8(ascii: "]") where !flow.isEmpty, UInt8(ascii: "}") where !flow.isEmpty:
        flow.removeLast()
        let depth = flow.count
        closeAnchors { $0.flow > depth }
        index += 1
      case UInt8(ascii: ",") where !flow.isEmpty:
        let depth = flow.count
        closeAnchors { $0.flow >= depth }
        flow[flow.count - 1] = ""
        index += 1
      case UInt8(ascii: "\""), UInt8(ascii: "'"): scalar(quoted(byte))
      default: scalar(plain())
      }
    }
    closeAnchors { _ in true }
  }

  // MARK: Structure

  private var column: Int { index - lineStart }

  private mutating func dash() {
    let place = column
    pop { $0.column > place || $0.column == place && $0.name == "-" }
    levels.append(Level(column: column, name: "-"))
    checkDepth()
    index += 1
  }

  private mutating func document(isMark: Bool) {
    scan.isMarked = scan.isMarked || isMark
    pop { _ in true }
    flow = []
    index += 3
  }

  private mutating func pop(while matches: (Level) -> Bool) {
    while let last = levels.last, matches(last) {
      levels.removeLast()
      let depth = levels.count
      closeAnchors { $0.flow == 0 && $0.levels > depth }
    }
  }

  private mutating func checkDepth() {
    if levels.count + flow.count > YAMLScan.depthLimit { scan.tooDeep = index - bytes.startIndex }
  }

  /// Takes a scalar that began at `start` and ends here: a name where a colon follows, else a value.
  private mutating func scalar(_ read: (start: Int, text: ArraySlice<UInt8>)) {
    var colon = index
    while colon < bytes.endIndex, bytes[colon] == 0x20 || bytes[colon] == 0x09 { colon += 1 }
    let isName =
      colon < bytes.endIndex && bytes[colon] == UInt8(ascii: ":")
      && (isSpace(at: colon + 1) || !flow.isEmpty && colon == index)
    total = total &+ 1
    guard isName else {
      if scan.entries.count < YAMLScan.entryLimit {
        let path = levels.suffix(24).map(\.name) + flow.suffix(8).filter { !$0.isEmpty }
        scan.entries.append(
          YAMLScan.Entry(
            path: path, value: String(decoding: read.text.prefix(4_096), as: UTF8.self),
            offset: read.start - bytes.startIndex))
      }
      if flow.isEmpty, levels.isEmpty { scan.proseCount += 1 }
      return
    }
    scan.keyCount += 1
    let name = String(decoding: read.text.prefix(256), as: UTF8.self)
    if flow.isEmpty {
      let column = read.start - lineStart
      pop { $0.column >= column }
      levels.append(Level(column: max(0, column), name: name))
      checkDepth()
    } else {
      flow[flow.count - 1] = name
    }
    index = colon + 1
  }

  // MARK: Scalars

  private mutating func quoted(_ quote: UInt8) -> (start: Int, text: ArraySlice<UInt8>) {
    let start = index
    let line = lineStart
    index += 1
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        index += 2
        continue
      }
      if byte == 0x0A { lineStart = index + 1 }
      index += 1
      guard byte == quote else { continue }
      if quote == UInt8(ascii: "'"), index < bytes.endIndex, bytes[index] == quote {
        index += 1
        continue
      }
      return (start, bytes[(start + 1)..<(index - 1)])
    }
    // A quote that never ends is an apostrophe: the text goes on behind it.
    index = start + 1
    lineStart = line
    _ = plain()
    return (start, bytes[start..<index])
  }

  private mutating func plain() -> (start: Int, text: ArraySlice<UInt8>) {
    let start = index
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == 0x0A || byte == 0x0D { break }
      if byte == UInt8(ascii: ":"), isSpace(at: index + 1) { break }
      if byte == UInt8(ascii: "#"), index > start, isSpace(before: index) { break }
      if !flow.isEmpty {
        if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
          || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
        {
          break
        }
        // `{a:b}` is one scalar, but `{"a":b}` and `{a:,` are not.
        if byte == UInt8(ascii: ":"), index + 1 < bytes.endIndex, isFlowSign(bytes[index + 1]) { break }
      }
      index += 1
    }
    if index == start, index < bytes.endIndex { index += 1 }
    var text = bytes[start..<min(index, bytes.endIndex)]
    while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
    return (start, text)
  }

  /// Skips a block scalar: all lines that are further in than what it belongs to.
  private mutating func block() {
    let parent = levels.last?.column ?? -1
    let start = index
    skipLine()
    let first = index
    while index < bytes.endIndex {
      var place = index
      while place < bytes.endIndex, bytes[place] == 0x20 { place += 1 }
      guard place < bytes.endIndex else {
        index = place
        break
      }
      if bytes[place] == 0x0A || bytes[place] == 0x0D {
        index = place + 1
        lineStart = index
        continue
      }
      guard place - index > parent else { break }
      if place == index, starts("---") || starts("...") { break }
      skipLine()
    }
    total = total &+ 1
    if scan.entries.count < YAMLScan.entryLimit {
      scan.entries.append(
        YAMLScan.Entry(
          path: levels.suffix(24).map(\.name),
          value: String(decoding: bytes[first..<max(first, index)].prefix(4_096), as: UTF8.self),
          offset: start - bytes.startIndex))
    }
  }

  private mutating func skipLine() {
    index = bytes[index...].firstIndex { $0 == 0x0A } ?? bytes.endIndex
    if index < bytes.endIndex { index += 1 }
    lineStart = index
  }

  // MARK: Anchors and aliases

  private mutating func anchor() {
    index += 1
    let name = word()
    guard !name.isEmpty, open.count < 200 else { return }
    open.append(Anchor(name: name, first: total, flow: flow.count, levels: levels.count))
  }

  private mutating func alias() {
    let start = index
    index += 1
    let name = word()
    guard !name.isEmpty else { return }
    if open.contains(where: { $0.name == name }) {
      scan.cycle = scan.cycle ?? start - bytes.startIndex
    } else if let size = sizes[name] {
      let (sum, overflow) = total.addingReportingOverflow(size)
      total = overflow ? .max >> 1 : min(sum, .max >> 1)
      let (all, past) = aliased.addingReportingOverflow(size)
      aliased = past ? .max : all
      if aliased > YAMLScan.expansionLimit { scan.bomb = scan.bomb ?? start - bytes.startIndex }
    }
  }

  private mutating func closeAnchors(where matches: (Anchor) -> Bool) {
    while let last = open.last, matches(last) {
      open.removeLast()
      if sizes.count < 100_000 { sizes[last.name] = max(1, total &- last.first) }
    }
  }

  private mutating func word() -> String {
    let start = index
    while index < bytes.endIndex, bytes[index] > 0x20, !isFlowSign(bytes[index]), index - start < 256 {
      index += 1
    }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  // MARK: Tags and directives

  private mutating func directive() {
    let start = index
    skipLine()
    let words = bytes[start..<index].prefix(1_024).split { $0 <= 0x20 }.map {
      String(decoding: $0, as: UTF8.self)
    }
    if words.first == "%YAML" { scan.isMarked = true }
    if words.first == "%TAG", words.count >= 3, handles.count < 100 {
      scan.isMarked = true
      handles[words[1]] = words[2]
    }
  }

  private mutating func tag() {
    let start = index
    let raw: String
    if starts("!<") {
      index += 2
      let end = bytes[index...].prefix(1_024).firstIndex { $0 == UInt8(ascii: ">") || $0 == 0x0A } ?? index
      raw = String(decoding: bytes[index..<end], as: UTF8.self)
      index = min(end + 1, bytes.endIndex)
      add(tag: raw.percentDecoded, at: start)
      return
    }
    index += 1
    while index < bytes.endIndex, bytes[index] > 0x20, index - start < 1_024,
      flow.isEmpty || !isFlowSign(bytes[index])
    {
      index += 1
    }
    raw = String(decoding: bytes[start..<index], as: UTF8.self)
    let rest = raw.dropFirst()
    guard let mark = rest.firstIndex(of: "!") else {
      // `!` alone says that a scalar is a string.
      guard !rest.isEmpty else { return }
      add(tag: (handles["!"] ?? "!") + String(rest).percentDecoded, at: start)
      return
    }
    let handle = String(raw[...mark])
    let prefix = handles[handle] ?? (handle == "!!" ? "tag:yaml.org,2002:" : handle)
    add(tag: prefix.percentDecoded + String(rest[rest.index(after: mark)...]).percentDecoded, at: start)
  }

  private mutating func add(tag: String, at start: Int) {
    guard scan.tags.count < YAMLScan.tagLimit else { return }
    scan.tags.append(YAMLScan.Tag(text: tag, offset: start - bytes.startIndex))
  }

  // MARK: Bytes

  private func starts(_ text: StaticString) -> Bool { bytes[index...].starts(with: "\(text)".utf8) }

  private func isSpace(at place: Int) -> Bool { place >= bytes.endIndex || bytes[place] <= 0x20 }

  private func isSpace(before place: Int) -> Bool { place == bytes.startIndex || bytes[place - 1] <= 0x20 }

  private func isFlowSign(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
      || byte == UInt8(ascii: "{")
      || byte == UInt8(ascii: "}")
  }
}

extension String {
  /// The text with `%70` and the like resolved, as readers of YAML do in tags.
  fileprivate var percentDecoded: String {
    guard contains("%") else { return self }
    var decoded: [UInt8] = []
    var rest = Array(utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"),
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
        rest.count >= 2
      {
        decoded.append(value)
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}
