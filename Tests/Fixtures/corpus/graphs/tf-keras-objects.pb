ö
"serve*2.21.0T
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx"Ð:Œ
‰"†
_tf_keras_sequentialí{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "Lambda", "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAAAAAAAAAAAAAAAAAABAAAA"}}, "function_type": "lambda"}}]}}