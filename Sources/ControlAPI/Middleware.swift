public import Domain
import Hummingbird
import Lifecycle
import Logging
import Provenance

/// Who holds which credential; the credentials themselves are not kept, only their digests.
public struct Credentials: Sendable {
  private let known: [(digest: Digest, principal: Principal)]

  /// Takes bearer tokens and whom each stands for.
  public init(_ tokens: [(token: String, principal: Principal)]) {
    known = tokens.map { (Digest(of: Array($0.token.utf8)), $0.principal) }
  }

  /// Whom a token stands for, nil for one that nobody has; takes the same time whether and where it differs.
  public func principal(of token: some StringProtocol) -> Principal? {
    let presented = Digest(of: Array(token.utf8))
    var found: Principal?
    for (digest, principal) in known {
      var difference: UInt8 = 0
      for (left, right) in zip(digest.bytes, presented.bytes) { difference |= left ^ right }
      if difference == 0 { found = principal }
    }
    return found
  }
}

/// Lets a request through only with a known bearer token.
struct Authentication: RouterMiddleware {
  typealias Context = ControlContext
  let credentials: Credentials

  @concurrent func handle(
    _ request: Request, context: ControlContext,
    next: @concurrent (Request, ControlContext) async throws -> Response
  ) async throws -> Response {
    let scheme = "Bearer "
    guard let header = request.headers[.authorization], header.hasPrefix(scheme),
      let principal = credentials.principal(of: header.dropFirst(scheme.count))
    else { throw Problem.unauthenticated }
    var context = context
    context.principal = principal
    return try await next(request, context)
  }
}

/// Turns whatever is thrown into problem details; what we did not foresee is logged and not told.
struct ProblemDetails: RouterMiddleware {
  typealias Context = ControlContext

  @concurrent func handle(
    _ request: Request, context: ControlContext,
    next: @concurrent (Request, ControlContext) async throws -> Response
  ) async throws -> Response {
    let response = try await answer(request, context, next)
    // The answer to HEAD has no body, whatever it says.
    return request.method == .head ? response.createHeadResponse() : response
  }

  @concurrent private func answer(
    _ request: Request, _ context: ControlContext,
    _ next: @concurrent (Request, ControlContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let problem as Problem {
      return .problem(problem)
    } catch let error as HTTPError where error.status == .notFound {
      return .problem(
        Problem(
          .notFound, "route.unknown", "expected a known route, found '\(request.uri.path)'",
          hint: "the routes begin with /api/v1"))
    } catch let error as any HTTPResponseError {
      return .problem(
        Problem(
          .badInput, "request.malformed",
          "expected a request for this route, found status \(error.status.code)"))
    } catch {
      context.logger.error("unforeseen error", metadata: ["error": "\(error)"])
      return .problem(
        Problem(.internal, "platform.fault", "expected to answer, found a fault of the platform; see its log")
      )
    }
  }
}
