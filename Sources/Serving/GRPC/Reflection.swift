import Domain
import Encoding

/// What the reflection services answer (grpc/reflection/v1/reflection.proto): the files that describe the services.
struct Reflection: Sendable {
  static let services = Reflection(Base64.decode(ServiceDescriptors.base64) ?? [])

  /// The names of the services.
  private(set) var names: [String] = []
  private var files: [String: ArraySlice<UInt8>] = [:]
  /// Which file each service, method and message is in, by their full names.
  private var places: [String: String] = [:]

  /// Reads a `FileDescriptorSet` of our own making.
  init(_ descriptors: [UInt8]) {
    var reader = ProtobufReader(descriptors[...], origin: 0)
    while let field = try? reader.next() {
      if field.number == 1, let file = field.bytes { add(file) }
    }
    names.sort()
  }

  private mutating func add(_ file: ArraySlice<UInt8>) {
    let name = Self.text(1, in: file)
    let package = Self.text(2, in: file)
    files[name] = file
    // Messages, enumerations and services.
    for (number, fields) in Self.messages([4, 5, 6], in: file) {
      place(fields, in: package, of: name)
      if number == 6 { names.append("\(package).\(Self.text(1, in: fields))") }
    }
  }

  /// Notes a message with what is nested in it, or a service with its methods.
  private mutating func place(_ descriptor: ArraySlice<UInt8>, in scope: String, of file: String) {
    var open = [(descriptor, scope)]
    while let (descriptor, scope) = open.popLast() {
      let name = "\(scope).\(Self.text(1, in: descriptor))"
      places[name] = file
      // Fields, of messages and of enumerations, and methods have their number in common; nested messages and
      // enumerations theirs.
      for (_, inner) in Self.messages([2], in: descriptor) {
        places["\(name).\(Self.text(1, in: inner))"] = file
      }
      for (_, inner) in Self.messages([3, 4], in: descriptor) { open.append((inner, name)) }
    }
  }

  private static func text(_ number: Int, in message: ArraySlice<UInt8>) -> String {
    messages([number], in: message).first.map { String(decoding: $0.1, as: UTF8.self) } ?? ""
  }

  private static func messages(
    _ numbers: Set<Int>, in message: ArraySlice<UInt8>
  ) -> [(Int, ArraySlice<UInt8>)] {
    var found: [(Int, ArraySlice<UInt8>)] = []
    var reader = ProtobufReader(message, origin: 0)
    while let field = try? reader.next() {
      if numbers.contains(field.number), let bytes = field.bytes { found.append((field.number, bytes)) }
    }
    return found
  }

  // MARK: Answers

  /// The `ServerReflectionResponse` to a `ServerReflectionRequest`.
  func answer(_ request: ArraySlice<UInt8>) throws(Problem) -> [UInt8] {
    var writer = ProtobufWriter()
    var host = ""
    var question: ProtobufField?
    var reader = ProtobufReader(request, origin: request.startIndex)
    while let field = try reader.nextField() {
      switch field.number {
      case 1: host = try field.text("host")
      case 3...7: question = field
      default: break
      }
    }
    if !host.isEmpty { writer.text(1, host) }
    writer.field(2, request)
    guard let question else {
      refuse(.invalidArgument, "expected a question, found none", &writer)
      return writer.bytes
    }
    switch question.number {
    case 3: answer(file: try question.text("file_by_filename"), &writer)
    case 4:
      let symbol = try question.text("file_containing_symbol")
      answer(file: places[symbol] ?? "", named: symbol, &writer)
    case 7:
      writer.message(6) { writer in
        for name in names { writer.message(1) { $0.text(1, name) } }
      }
    default:
      refuse(
        .notFound, "expected a file or a symbol, found a question for extensions, of which there are none",
        &writer)
    }
    return writer.bytes
  }

  private func answer(file name: String, named asked: String? = nil, _ writer: inout ProtobufWriter) {
    guard let file = files[name] else {
      let found = (asked ?? name).excerpt(80)
      return refuse(.notFound, "expected a file or a symbol of the services, found '\(found)'", &writer)
    }
    // No file needs another.
    writer.message(4) { $0.field(1, file) }
  }

  private func refuse(_ code: GRPCStatus.Code, _ message: String, _ writer: inout ProtobufWriter) {
    writer.message(7) {
      $0.integer(1, Int64(code.rawValue))
      $0.text(2, message)
    }
  }
}
