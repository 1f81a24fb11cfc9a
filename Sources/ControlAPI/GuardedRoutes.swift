import Access
import Domain
import Hummingbird
import Lifecycle

/// What somebody must be allowed before a route looks at anything else of a request.
enum Demand: Hashable, Sendable {
  /// A right on the platform as a whole.
  case platform(Right)
  /// A right on anything; on what exactly is found out behind it.
  case somewhere(Right)
  /// A right on the model that the path names.
  case model(Right)
  /// A right on the alias that the path names.
  case alias(Right)
  /// To be known; what they may do with what they ask for is found out behind it.
  case known

  /// What is asked of whom by a request for a route.
  func resolved(in context: ControlContext) throws(Problem) -> (right: Right, object: AccessObject)? {
    switch self {
    case .platform(let right): (right, .platform)
    case .somewhere(let right): (right, .somewhere)
    case .model(let right): (right, .model(try context.modelName()))
    case .alias(let right):
      (right, .alias(try AliasName(parsing: context.parameter("alias")), of: try context.modelName()))
    case .known: nil
    }
  }
}

/// The routes behind authentication, each with what it demands: there is no way to add one without.
struct GuardedRoutes {
  typealias Handler = @Sendable (Request, ControlContext) async throws -> Response

  private let group: RouterGroup<ControlContext>
  private let control: ControlPlane

  init(_ group: RouterGroup<ControlContext>, _ control: ControlPlane) {
    self.group = group
    self.control = control
  }

  func get(_ path: RouterPath, _ demand: Demand, use handler: @escaping Handler) {
    group.get(path, use: guarded(demand, handler))
  }

  func head(_ path: RouterPath, _ demand: Demand, use handler: @escaping Handler) {
    group.head(path, use: guarded(demand, handler))
  }

  func post(_ path: RouterPath, _ demand: Demand, use handler: @escaping Handler) {
    group.post(path, use: guarded(demand, handler))
  }

  func put(_ path: RouterPath, _ demand: Demand, use handler: @escaping Handler) {
    group.put(path, use: guarded(demand, handler))
  }

  func delete(_ path: RouterPath, _ demand: Demand, use handler: @escaping Handler) {
    group.delete(path, use: guarded(demand, handler))
  }

  private func guarded(_ demand: Demand, _ handler: @escaping Handler) -> Handler {
    { [control] request, context in
      if let (right, object) = try demand.resolved(in: context) {
        try await control.require(
          right, on: object, of: context.requireActor(), asking: context.asked(request))
      }
      return try await handler(request, context)
    }
  }
}
