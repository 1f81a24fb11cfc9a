import Domain
import Encoding

/// How a call ended: a code of gRPC, and a message for a person.
struct GRPCStatus: Equatable {
  /// The codes (grpc.github.io/grpc/core/md_doc_statuscodes.html).
  enum Code: Int {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case unauthenticated = 16

    /// The code that says what a status of HTTP says.
    init(httpStatus: Int) {
      self =
        switch httpStatus {
        case 200: .ok
        case 400, 415: .invalidArgument
        case 401: .unauthenticated
        case 403: .permissionDenied
        case 404: .notFound
        case 408, 504: .deadlineExceeded
        case 409, 422: .failedPrecondition
        case 413, 429, 431: .resourceExhausted
        case 405, 501: .unimplemented
        case 499: .cancelled
        case 500: .internal
        case 503: .unavailable
        default: .unknown
        }
    }
  }

  let code: Code
  var message = ""

  /// The status that says what an answer does.
  init(_ answer: Answer) {
    code = Code(httpStatus: answer.status)
    guard code != .ok, let json = try? JSON(parsing: answer.body) else { return }
    message = json["error"]?.string ?? ""
    if let position = json["position"]?.string { message += ", at \(position)" }
    if let hint = json["hint"]?.string { message += "; \(hint)" }
  }

  /// The message as the field `grpc-message` has it: bytes that are not printable ASCII, and the per cent sign, as two
  /// hexadecimal digits behind one.
  var encodedMessage: String {
    let isPlain = message.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "%") }
    guard !isPlain else { return message }
    var encoded: [UInt8] = []
    for byte in message.utf8 {
      if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded += Hexadecimal.encode([byte]).uppercased().utf8
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
