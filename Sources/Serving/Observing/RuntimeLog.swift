public import Domain
public import Encoding
import Glibc
import NIOConcurrencyHelpers

/// The log of a data plane: a line for each event, on standard error.
///
/// Small enough to be written from an event loop: a line is one write of at most 4096 bytes, made only where the
/// descriptor takes it at once. What it does not take is left out and counted, and so is what requests bring about
/// beyond `Limits.linesPerSecond`: nobody can have the log fill a disk, or hold up a prediction.
public final class RuntimeLog: Sendable {
  /// How a line is written.
  public enum Form: String, Sendable, CaseIterable {
    /// `2026-11-21T09:30:00.250Z warning message key=value`, for people.
    case text
    /// A JSON object with the members `time`, `level`, `message` and those of the event, for machines.
    case json
  }

  /// How much a line matters.
  public enum Level: String, Sendable {
    case info
    case warning
    case error
  }

  /// A member of a line beside its time, its level and its message.
  public typealias Field = (name: String, value: JSON)

  /// The longest line; what POSIX lets a pipe take whole or not at all (`PIPE_BUF` of Linux).
  private static let lineLimit = 4096
  /// Lines that requests bring about, in a second.
  private static let linesPerSecond = 20

  private struct State {
    /// The second that `count` is of.
    var second = 0
    /// Lines of `second` that requests brought about.
    var count = 0
    /// Lines that were left out since the last that was written.
    var leftOut = 0
    var leftOutInAll = 0
  }

  private let form: Form
  private let descriptor: CInt
  private let now: @Sendable () -> Timestamp
  /// Held while a line is written, so that two do not mix.
  private let state = NIOLockedValueBox(State())

  /// Writes to standard error.
  public convenience init(_ form: Form) {
    self.init(form, descriptor: STDERR_FILENO)
  }

  init(_ form: Form, descriptor: CInt, now: @escaping @Sendable () -> Timestamp = Clock.now) {
    self.form = form
    self.descriptor = descriptor
    self.now = now
  }

  /// Lines that were left out since the start.
  var leftOut: Int { state.withLockedValue { $0.leftOutInAll } }

  /// Writes what the operator did, or has to know.
  public func write(_ level: Level, _ message: String, _ fields: [Field] = []) {
    state.withLockedValue { put(level, message, fields, &$0) }
  }

  /// Writes what went wrong, with all that is known of it.
  public func write(_ level: Level, _ message: String, _ problem: Problem, _ fields: [Field] = []) {
    write(level, message, fields + Self.fields(of: problem))
  }

  /// Writes what a caller can bring about as often as it likes: beyond a bound it is counted only.
  func limited(_ level: Level, _ message: String, _ fields: @autoclosure () -> [Field] = []) {
    let now = now()
    state.withLockedValue { state in
      let second = Int(now.milliseconds / 1000)
      if state.second != second {
        state.second = second
        state.count = 0
      }
      guard state.count < Self.linesPerSecond else { return Self.leaveOut(&state) }
      state.count += 1
      put(level, message, fields(), &state)
    }
  }

  /// What a line says of a problem.
  static func fields(of problem: Problem) -> [Field] {
    var fields: [Field] = [("code", .string(problem.code)), ("problem", .string(problem.message))]
    let more = [
      ("subject", problem.subject), ("position", problem.position), ("cause", problem.cause),
      ("hint", problem.hint),
    ]
    for (name, value) in more { if let value { fields.append((name, .string(value.excerpt(400)))) } }
    return fields
  }

  private func put(_ level: Level, _ message: String, _ fields: [Field], _ state: inout State) {
    if state.leftOut > 0 {
      let count: [Field] = [("count", .integer(Int64(state.leftOut)))]
      guard put(line(.warning, "lines were left out", count)) else { return Self.leaveOut(&state) }
      state.leftOut = 0
    }
    if !put(line(level, message, fields)) { Self.leaveOut(&state) }
  }

  private static func leaveOut(_ state: inout State) {
    state.leftOut += 1
    state.leftOutInAll += 1
  }

  /// Writes a line where that takes no waiting; says whether it did.
  private func put(_ line: [UInt8]) -> Bool {
    var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard unsafe poll(&polled, 1, 0) == 1, polled.revents & Int16(POLLOUT) != 0 else { return false }
    let count = unsafe line.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    return count == line.count
  }

  private func line(_ level: Level, _ message: String, _ fields: [Field]) -> [UInt8] {
    switch form {
    case .json: jsonLine(level, message, fields)
    case .text: textLine(level, message, fields)
    }
  }

  /// In the order of the call, not of the alphabet: people read these too.
  private func jsonLine(_ level: Level, _ message: String, _ fields: [Field]) -> [UInt8] {
    var line = Array(#"{"time":"\#(now())","level":"\#(level.rawValue)","message":"#.utf8)
    line += JSON.string(message.excerpt(400)).canonicalBytes
    for (name, value) in fields {
      let member =
        [UInt8(ascii: ",")] + JSON.string(name).canonicalBytes + [UInt8(ascii: ":")] + value.canonicalBytes
      // A line that is cut is no JSON any more: what has no room is left out whole.
      if line.count + member.count + 2 <= Self.lineLimit { line += member }
    }
    return line + Array("}\n".utf8)
  }

  private func textLine(_ level: Level, _ message: String, _ fields: [Field]) -> [UInt8] {
    var text = "\(now()) \(level.rawValue) \(message.excerpt(400))"
    for (name, value) in fields { text += " \(name)=\(Self.text(of: value))" }
    return Array(text.utf8.prefix(Self.lineLimit - 1)) + [UInt8(ascii: "\n")]
  }

  private static func text(of value: JSON) -> String {
    guard case .string(let text) = value else { return String(decoding: value.canonicalBytes, as: UTF8.self) }
    let isPlain = !text.isEmpty && text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") }
    return isPlain ? text : String(decoding: JSON.string(text).canonicalBytes, as: UTF8.self)
  }
}
