import Artifacts

extension NameOrigin {
  /// Whether importing or calling the name may do something outside of the model.
  ///
  /// For formats that say a name and little about what is done with it.
  var hasEffects: Bool {
    switch self {
    case .standardLibrary, .reaching, .libraryFunction, .functionByValue, .externalFile: true
    case .inert, .libraryClass, .estimator, .own: false
    }
  }

  /// Whether the function imports the module that its argument names: how cloudpickle and dill write modules.
  static func importsModule(_ global: PickleGlobal) -> Bool {
    ["subimport", "dynamic_subimport", "_import_module"].contains(global.name)
  }

  /// Whether arguments, as they are shown, begin with the name of a module of Python's own.
  static func isStandardModule(_ arguments: String) -> Bool {
    let name = arguments.drop { $0 == "'" }.prefix { $0 != "'" }
    return StandardLibrary.contains(String(name))
  }
}
