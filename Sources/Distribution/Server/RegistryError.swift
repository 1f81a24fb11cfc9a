import Domain
import Encoding
import Hummingbird
import NIOCore

// How a registry says no (distribution-spec 1.1, "Error Codes").

extension Problem {
  /// The status and the identifier by which clients of registries know a problem.
  ///
  /// What the spec has no word for is `UNAVAILABLE` or `UNKNOWN`, as other registries say it.
  var registryError: (status: HTTPResponse.Status, identifier: String) {
    switch code {
    case "repository.malformed": (.badRequest, "NAME_INVALID")
    case "repository.unknown": (.notFound, "NAME_UNKNOWN")
    case "digest.malformed", "blob.digest-mismatch", "manifest.digest-mismatch":
      (.badRequest, "DIGEST_INVALID")
    case "image.malformed-tag": (.badRequest, "TAG_INVALID")
    case "blob.unknown", "blob.missing": (.notFound, "BLOB_UNKNOWN")
    case "manifest.unknown": (.notFound, "MANIFEST_UNKNOWN")
    case "manifest.incomplete": (.badRequest, "MANIFEST_BLOB_UNKNOWN")
    case "manifest.unsupported": (.unsupportedMediaType, "MANIFEST_INVALID")
    case "manifest.in-use", "blob.in-use", "route.method": (.methodNotAllowed, "UNSUPPORTED")
    case "route.unknown": (.notFound, "UNSUPPORTED")
    case "upload.unknown": (.notFound, "BLOB_UPLOAD_UNKNOWN")
    case "upload.range": (.rangeNotSatisfiable, "BLOB_UPLOAD_INVALID")
    case "upload.busy": (.conflict, "BLOB_UPLOAD_INVALID")
    case "upload.cut-off": (.badRequest, "SIZE_INVALID")
    case "blob.range": (.rangeNotSatisfiable, "SIZE_INVALID")
    case "storage.full": (.init(code: 507, reasonPhrase: "Insufficient Storage"), "UNAVAILABLE")
    default: byCategory
    }
  }

  private var byCategory: (HTTPResponse.Status, String) {
    let status = HTTPResponse.Status(code: httpStatus)
    return switch category {
    case .unauthenticated: (status, "UNAUTHORIZED")
    case .forbidden: (status, "DENIED")
    case .tooMany: (status, "TOOMANYREQUESTS")
    case .tooLarge: (.contentTooLarge, "SIZE_INVALID")
    case .badInput, .usage: (status, "MANIFEST_INVALID")
    case .unavailable: (status, "UNAVAILABLE")
    default: (status, "UNKNOWN")
    }
  }

  /// The answer to a request that cannot be met: the spec's errors, with our own code and hint as the detail.
  var registryResponse: Response {
    let (status, identifier) = registryError
    var detail: [String: JSON] = ["code": .string(code)]
    detail["hint"] = hint.map { .string($0) }
    detail["subject"] = subject.map { .string($0) }
    detail["position"] = position.map { .string($0) }
    let document: JSON = [
      "errors": [["code": .string(identifier), "message": .string(message), "detail": .object(detail)]]
    ]
    var response = Response.registry(status, "application/json", document.canonicalBytes)
    if category == .unauthenticated {
      response.headers[.wwwAuthenticate] = #"Basic realm="gatehouse", charset="UTF-8""#
    }
    if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
    if retryAfter == nil, status == .serviceUnavailable { response.headers[.retryAfter] = "2" }
    return response
  }
}

extension Response {
  /// A document of a media type.
  static func registry(_ status: HTTPResponse.Status, _ type: String, _ bytes: [UInt8]) -> Response {
    Response(
      status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// An answer without a body, with a place and the digest of what is there.
  static func place(_ status: HTTPResponse.Status, _ location: String, _ digest: Digest? = nil) -> Response {
    var response = Response(status: status)
    response.headers[.location] = location
    response.headers[RegistryField.contentDigest] = digest?.description
    return response
  }
}

/// The fields of answers that registries have beside those of HTTP.
enum RegistryField {
  /// A name of a field, which Hummingbird hands on without its own name.
  typealias Name = HTTPFields.Element.Name

  // The names are constants, and each is one that HTTP allows.
  private static func named(_ text: String) -> Name {
    guard let name = Name(text) else { preconditionFailure("no field can be called '\(text)'") }
    return name
  }

  /// What clients ask for the digest of an answer by.
  static let contentDigest = named("Docker-Content-Digest")
  /// That this is a registry, as old clients ask for it.
  static let registryVersion = named("Docker-Distribution-API-Version")
  /// By what an upload is known.
  static let uploadIdentifier = named("Docker-Upload-UUID")
  /// That a manifest's subject was understood.
  static let subject = named("OCI-Subject")
  /// By what referrers were chosen.
  static let filtersApplied = named("OCI-Filters-Applied")
  /// Where the next page of a list is (RFC 8288).
  static let link = named("Link")
}
