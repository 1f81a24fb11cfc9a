public import Domain

/// What a right is asked for on.
public enum AccessObject: Hashable, Sendable {
  /// The platform as a whole.
  case platform
  /// Any part of it: who has the right on something may.
  case somewhere
  /// All that belongs to a project.
  case project(ProjectName)
  /// A model with its versions, deployment and keys.
  case model(ModelName)
  /// A model that there is not yet, as one of this project.
  case newModel(ModelName, in: ProjectName)
  /// One of the movable names of a model's versions.
  case alias(AliasName, of: ModelName)
  /// Images: a model's, where the repository is called like one.
  case repository(RepositoryName)

  /// As a refusal names it.
  public var description: String {
    switch self {
    case .platform: "the platform"
    case .somewhere: "any model"
    case .project(let project): "project '\(project)'"
    case .model(let model): "model '\(model)'"
    case .newModel(let model, let project): "model '\(model)' of project '\(project)'"
    case .alias(let alias, let model): "alias '\(model)@\(alias)'"
    case .repository(let repository): "repository '\(repository)'"
    }
  }
}

extension AccessState {
  /// Whether a right on `object` follows from the same right within `scope`.
  func reaches(_ scope: Scope, _ object: AccessObject) -> Bool {
    func covers(_ model: ModelName, _ project: ProjectName) -> Bool {
      scope.models.matches(model.description) && scope.projects.matches(project.description)
    }
    switch object {
    case .platform: return scope == .everything
    case .somewhere: return true
    case .project(let project):
      return scope.models == .any && scope.projects.matches(project.description)
    case .model(let model), .alias(_, let model): return covers(model, self.project(of: model))
    case .newModel(let model, let project): return covers(model, project)
    case .repository(let repository):
      // A repository of another name is nobody's model: it is the platform's.
      guard let model = try? ModelName(parsing: repository.description) else { return scope == .everything }
      return covers(model, self.project(of: model))
    }
  }
}
