# The environments that real models are made in: sourced by honest-corpus and parity. Needs $build, a folder for
# virtual environments, say and fail.

# One thread: the models are tiny.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 LC_ALL=C.UTF-8 TZ=UTC

# Environment, Python, packages: pairs that pip installs from wheels.
environments=(
    "sklearn-0.24-old 3.7 scikit-learn==0.24.2 numpy==1.19.5 scipy==1.5.4 joblib==1.0.1 pandas==1.1.5
        xgboost==0.90 lightgbm==2.3.1 cloudpickle==1.6.0 lz4==3.1.3"
    "sklearn-0.24 3.8 scikit-learn==0.24.2 numpy==1.23.5 scipy==1.8.1 joblib==1.4.2 pandas==1.3.5
        xgboost==1.2.1 lightgbm==3.3.5 catboost==0.24.4 cloudpickle lz4"
    "sklearn-1.0 3.9 scikit-learn==1.0.2 numpy==1.23.5 scipy==1.10.1 joblib==1.5.3 pandas==1.5.3
        xgboost==1.7.6 lightgbm==3.3.5 cloudpickle lz4"
    "sklearn-1.2 3.9 scikit-learn==1.2.2 numpy==1.24.4 scipy==1.13.1 joblib==1.5.3 pandas==2.0.3
        xgboost==2.0.3 lightgbm==3.3.5 cloudpickle lz4"
    "sklearn-1.3 3.11 scikit-learn==1.3.2 numpy==1.26.4 scipy==1.11.4 joblib==1.3.2 pandas==2.1.4
        lightgbm==4.1.0 cloudpickle lz4"
    "sklearn-1.4 3.11 scikit-learn==1.4.2 numpy==1.26.4 scipy==1.13.1 joblib==1.4.2 pandas==2.2.3
        lightgbm==4.3.0 cloudpickle lz4"
    "sklearn-1.5 3.11 scikit-learn==1.5.2 numpy==2.4.6 scipy==1.17.1 joblib==1.6.0 pandas==2.2.3
        cloudpickle lz4"
    "sklearn-1.6 3.12 scikit-learn==1.6.1 numpy==2.4.6 scipy==1.17.1 joblib==1.6.0 pandas==2.3.3
        cloudpickle lz4"
    "sklearn-1.7 3.13 scikit-learn==1.7.2 numpy==2.4.6 scipy==1.17.1 joblib==1.6.0 pandas==2.3.3
        cloudpickle lz4"
    "sklearn-1.9 3.11 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 joblib==1.6.0 pandas==3.1.1
        pyarrow xgboost==3.2.0 lightgbm==4.7.0 catboost==1.2.10 cloudpickle dill lz4"
)

# find_python VERSION: the interpreter, or nothing. A version manager's shim
# may be on PATH for a version that is not selected; what pyenv has is looked
# for where it keeps it.
find_python() {
    local variable=PYTHON${1/./}
    local candidate found
    for candidate in "${!variable:-python$1}" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        found=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || found=nothing
        if [[ $found == "$1" ]]; then
            printf '%s\n' "$candidate"
            return 0
        fi
        [[ -z ${!variable:-} ]] || break
    done
}

# install NAME PYTHON PACKAGE...: a virtual environment, again when the pins
# have changed.
install() {
    local folder=$build/$1 python=$2
    shift 2
    if [[ -f $folder/pins && $(<"$folder/pins") == "$*" ]]; then return; fi
    say "installing ${folder##*/}"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --prefer-binary "$@"
    printf '%s' "$*" > "$folder/pins"
}

# prepare NAMES: installs the environments among these names, all when there are none, into `made`. One whose Python
# is not there is left out, and said so.
made=()
prepare() {
    local wanted=" $* " line python
    local -a words
    for line in "${environments[@]}"; do
        read -r -d '' -a words <<< "$line" || true
        if [[ $wanted != "  " && $wanted != *" ${words[0]} "* ]]; then continue; fi
        python=$(find_python "${words[1]}")
        if [[ -z $python ]]; then
            say "left out ${words[0]}: expected Python ${words[1]}, found none; set PYTHON${words[1]/./} to its path"
            continue
        fi
        install "${words[0]}" "$python" "${words[@]:2}"
        made+=("${words[0]}")
    done
    [[ ${#made[@]} -gt 0 ]] || fail "expected an environment to make, found none of that name"
}
