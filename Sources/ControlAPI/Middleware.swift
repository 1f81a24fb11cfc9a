import Access
import Domain
import Hummingbird
import Lifecycle
import Logging

/// Lets a request through only with a credential that is known.
struct Authentication: RouterMiddleware {
  typealias Context = ControlContext
  let authenticator: Authenticator

  @concurrent func handle(
    _ request: Request, context: ControlContext,
    next: @concurrent (Request, ControlContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.actor = try await authenticator.authenticate(
      Self.bearer(in: request), asking: context.asked(request), at: .control, from: context.address)
    return try await next(request, context)
  }

  /// What stands behind `Bearer`; nil for a field of another kind.
  private static func bearer(in request: Request) -> String? {
    let scheme = "Bearer "
    guard let field = request.headers[.authorization] else { return nil }
    return field.hasPrefix(scheme) ? String(field.dropFirst(scheme.count)) : ""
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
