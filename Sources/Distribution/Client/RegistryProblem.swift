import Domain
import Encoding
import NIOHTTP1

/// What goes wrong between a registry and its client.
enum RegistryProblem {
  /// What a registry says with an error (distribution-spec, "Error Codes"): its code and its words, on one line.
  static func words(of body: [UInt8]) -> String? {
    guard let json = try? JSON(parsing: body, limits: JSONLimits(depth: 8, values: 1000)),
      let first = json["errors"]?.array?.first
    else { return nil }
    let parts = [first["code"]?.string, first["message"]?.string].compactMap(\.self).filter { !$0.isEmpty }
    return parts.isEmpty ? nil : "the registry says \(parts.joined(separator: ": ").excerpt(300))"
  }

  /// An answer that is none of those that were expected.
  static func unexpected(
    _ status: Int, _ headers: HTTPHeaders, _ words: String?, doing: String, at place: String
  ) -> Failure {
    func problem(
      _ category: Problem.Category, _ code: String, _ found: String, hint: String? = nil,
      retryAfter: Int? = nil
    ) -> Problem {
      Problem(
        category, code, "expected to \(doing), found that the registry \(found)", subject: place, hint: hint,
        cause: words, retryAfter: retryAfter)
    }
    // Seconds alone; a date (RFC 9110 section 10.2.3) would be one of another clock.
    let asked = headers.first(name: "retry-after").flatMap { ByteRanges.number($0) }
    switch status {
    case 401: return Failure(unauthorized(place, words, helper: nil))
    case 403:
      return Failure(
        problem(
          .forbidden, "registry.denied", "does not let this user (status 403)",
          hint: "ask for the right to it"))
    case 404: return Failure(problem(.notFound, "registry.not-found", "has nothing there (status 404)"))
    case 405: return Failure(problem(.conflict, "registry.unsupported", "does not do that (status 405)"))
    case 413: return Failure(problem(.tooLarge, "registry.too-large", "takes less (status 413)"))
    case 429:
      return Failure(
        problem(.tooMany, "registry.too-many", "has had too many requests (status 429)", retryAfter: asked),
        isTransient: true)
    case 408, 500, 502, 503, 504:
      return Failure(
        problem(.unavailable, "registry.unavailable", "cannot (status \(status))", retryAfter: asked),
        isTransient: true)
    case 500...599:
      return Failure(problem(.unavailable, "registry.unavailable", "cannot (status \(status))"))
    default:
      return Failure(problem(.conflict, "registry.refused", "refuses (status \(status))"))
    }
  }

  /// Nobody whom the registry knows, or nobody who may.
  static func unauthorized(
    _ place: String, _ cause: String?, helper: String?, shown: Bool = true
  ) -> Problem {
    if let helper {
      return Problem(
        .unauthenticated, "registry.credential-helper",
        "expected a user and a password for the registry, found that \(helper) has them, which is not run",
        subject: place,
        hint: "name a file with 'USER:PASSWORD' by --credentials", cause: cause)
    }
    return Problem(
      .unauthenticated, "registry.unauthorized",
      "expected credentials that the registry knows, found \(shown ? "that it does not take ours" : "none to show it") (status 401)",
      subject: place, hint: "name a file with them by --credentials", cause: cause)
  }

  /// No answer.
  static func unreachable(_ origin: RegistryURL.Origin, _ cause: String) -> Failure {
    Failure(
      Problem(
        .unavailable, "registry.unreachable", "expected an answer of the registry at \(origin), found none",
        cause: cause),
      isTransient: true)
  }

  /// An answer that is not one that the specification has.
  static func malformed(_ expected: String, _ found: String, at place: String) -> Problem {
    Problem(
      .unavailable, "registry.malformed-answer",
      "expected \(expected) from the registry, found \(found)", subject: place)
  }

  /// Bytes that are not those that were asked for.
  static func digest(_ expected: Digest, _ found: Digest, at place: String) -> Problem {
    Problem(
      .integrity, "registry.digest",
      "expected bytes of \(expected.short) from the registry, found \(found.short)", subject: place,
      hint: "nothing of them was kept; somebody between may change them, or the registry is damaged")
  }

  /// More or fewer bytes than there should be.
  static func size(_ expected: Int, _ found: String, at place: String) -> Problem {
    Problem(
      .integrity, "registry.size", "expected \(expected) bytes from the registry, found \(found)",
      subject: place,
      hint: "nothing of them was kept")
  }
}
